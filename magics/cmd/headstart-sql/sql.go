package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// options are the flags of %sql.
type options struct {
	DB    string
	As    string
	Limit int
}

func (s *session) magic() magics.Magic {
	return &magics.RawCommand[options]{
		Use:   "sql QUERY",
		Short: "Queries a SQLite database and shows the result as a table",
		Long: `The query, which may be several statements, stands in the line or in the cell below it. The database stays open for the
cells that follow; the first is one in memory. Every result is kept for Go cells and other programs, whole, as
sql/NAME.json (one object a row) and sql/NAME.csv in $HEADSTART_RUNTIME_DIR.`,
		Example: `%sql --db flowers.sqlite select species, count(*) from flowers group by species
%%sql --as long_ones
select * from flowers
where petal_length > 5`,
		Body: magics.OptionalBody,
		JSON: true,
		Flags: func(f *pflag.FlagSet, o *options) {
			magics.Path(f, &o.DB, "db", "", "the database's file, made when it is not there; :memory: for a fresh one in memory")
			f.StringVar(&o.As, "as", "result", "the NAME under which the result is kept")
			f.IntVar(&o.Limit, "limit", 50, "rows to show at most")
		},
		Do: s.do,
	}
}

func (s *session) do(ctx context.Context, in *magics.Invocation, o *options) error {
	query := strings.TrimSpace(in.Line + "\n" + in.Call.Body)
	if err := checkOptions(o); err != nil {
		return fmt.Errorf("%%sql: %w", err)
	}
	if o.DB != "" {
		if err := s.open(ctx, o.DB); err != nil {
			return fmt.Errorf("%%sql: open the database %s: %w", o.DB, err)
		}
	}
	if query == "" {
		if o.DB != "" {
			return in.Printf("The database is %s.\n", o.DB)
		}
		return errors.New("%sql: there is no query: write it after %sql, or below %%sql")
	}
	r, err := s.query(ctx, query, o.As, o.Limit)
	if err != nil {
		return fmt.Errorf("%%sql: %w", err)
	}
	if len(r.Columns) == 0 && !in.JSON {
		return in.Printf("%s changed.\n", rows(r.Changed))
	}
	return in.Result(r, func() (display.Bundle, error) { return r.table(), nil })
}

func checkOptions(o *options) error {
	if o.Limit < 0 {
		return fmt.Errorf("--limit %d: it is 0 or more", o.Limit)
	}
	bad := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' }
	if o.As == "" || strings.ContainsFunc(o.As, bad) {
		return fmt.Errorf("--as %q: a name is made of letters, digits, '_' and '-'", o.As)
	}
	return nil
}

// result is a query's outcome: the rows to show, and where all of them are.
type result struct {
	Columns []string `json:"columns,omitempty"`
	Count   int64    `json:"rows"`    // of the result
	Changed int64    `json:"changed"` // rows that the statements have changed
	JSON    string   `json:"json,omitempty"`
	CSV     string   `json:"csv,omitempty"`

	shown   [][]string
	numeric []bool // by column: every shown value is a number or missing
}

func (r *result) table() display.Bundle {
	t := figure.TableData{Header: r.Columns, Rows: r.shown}
	for i, numeric := range r.numeric {
		if numeric {
			t.Right = append(t.Right, i)
		}
	}
	note := rows(r.Count)
	if int(r.Count) > len(r.shown) {
		note += fmt.Sprintf(", of which the first %d are shown", len(r.shown))
	}
	if r.JSON != "" {
		note += "; all of them for Go cells: $HEADSTART_RUNTIME_DIR/sql/" + filepath.Base(r.JSON) + " and .csv"
	}
	t.Notes = []string{note}
	return figure.Table(t)
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.FormatInt(n, 10) + " rows"
}
