package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// session is the open database. One statement runs at a time.
type session struct {
	folder string // for results; empty keeps none

	mu sync.Mutex
	db *sql.DB
}

const inMemory = ":memory:"

// open changes to another database.
func (s *session) open(ctx context.Context, file string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openLocked(ctx, file)
}

func (s *session) openLocked(ctx context.Context, file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return errors.New("it is a folder: name the database's file")
	}
	source := file
	if file != inMemory {
		source = "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // a database in memory belongs to its connection
	db.SetConnMaxIdleTime(0)
	// Opening reads nothing; this does, and finds a file that is not a database.
	if _, err := db.ExecContext(ctx, "select count(*) from sqlite_schema"); err != nil {
		return errors.Join(err, db.Close())
	}
	old := s.db
	s.db = db
	if old != nil {
		return old.Close()
	}
	return nil
}

func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		_ = s.db.Close() // SQLite has written every finished statement
	}
}

// query runs statements and keeps the rows of the last one under a name; up to limit of them are for showing.
func (s *session) query(ctx context.Context, text, name string, limit int) (*result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		if err := s.openLocked(ctx, inMemory); err != nil {
			return nil, fmt.Errorf("open a database in memory: %w", err)
		}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	before, err := changes(ctx, conn)
	if err != nil {
		return nil, err
	}
	found, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, queryError(ctx, err)
	}
	r, err := s.keep(found, name, limit)
	if err != nil {
		return nil, queryError(ctx, err)
	}
	after, err := changes(ctx, conn)
	if err != nil {
		return nil, err
	}
	r.Changed = after - before
	return r, nil
}

// changes counts the rows that a connection has changed so far.
func changes(ctx context.Context, conn *sql.Conn) (n int64, err error) {
	err = conn.QueryRowContext(ctx, "select total_changes()").Scan(&n)
	return n, err
}

// queryError says what SQLite says; the interrupt is told by ctx.
func queryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the query was interrupted: %w", ctx.Err())
	}
	return fmt.Errorf("run the query: %w", err)
}
