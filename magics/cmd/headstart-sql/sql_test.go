package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func newSession(t *testing.T) *session {
	s := &session{folder: t.TempDir()}
	t.Cleanup(s.close)
	return s
}

// run runs a cell and returns the text that it shows.
func run(t *testing.T, s *session, cell string) (string, error) {
	t.Helper()
	h := &magictest.Host{}
	err := h.Run(t.Context(), s.magic(), cell)
	shown := h.Output()
	for _, o := range h.Outputs() {
		shown += o.Bundles[0].Data[display.MIMEText].(string)
	}
	return shown, err
}

func mustRun(t *testing.T, s *session, cell string) string {
	t.Helper()
	shown, err := run(t, s, cell)
	if err != nil {
		t.Fatalf("%s: %v", cell, err)
	}
	return shown
}

const flowers = `%%sql
create table flowers (species text, petal real, count integer, note blob);
insert into flowers values ('rose', 4.5, 3, null), ('it''s a <tulip>', 5.25, 12, x'00ff')`

func TestQuery(t *testing.T) {
	s := newSession(t)
	if got := mustRun(t, s, flowers); got != "2 rows changed.\n" {
		t.Errorf("got %q", got)
	}
	got := mustRun(t, s, "%sql select species, petal, count, note from flowers where species <> 'x' order by petal")
	for _, want := range []string{"species", "rose", "it's a <tulip>", "5.25", "NULL", "x'00ff'", "2 rows; all of them for Go cells: $HEADSTART_RUNTIME_DIR/sql/result.json and .csv"} {
		if !strings.Contains(got, want) {
			t.Errorf("the table does not show %q:\n%s", want, got)
		}
	}
}

func TestResultIsKeptForGoCells(t *testing.T) {
	s := newSession(t)
	mustRun(t, s, flowers)
	got := mustRun(t, s, "%%sql --as mine --limit 1\nselect species, petal, note from flowers order by petal")
	if !strings.Contains(got, "2 rows, of which the first 1 are shown") {
		t.Errorf("got:\n%s", got)
	}
	for name, want := range map[string]string{
		"mine.json": "[\n{\"species\":\"rose\",\"petal\":4.5,\"note\":null},\n{\"species\":\"it's a \\u003ctulip\\u003e\",\"petal\":5.25,\"note\":\"AP8=\"}\n]\n",
		"mine.csv":  "species,petal,note\nrose,4.5,\nit's a <tulip>,5.25,x'00ff'\n",
	} {
		text, err := os.ReadFile(filepath.Join(s.folder, "sql", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if strings.HasSuffix(name, "json") && !json.Valid(text) {
			t.Errorf("%s is not JSON", name)
		}
	}
	mustRun(t, s, "%sql --as none select 1 as one where false")
	if text, err := os.ReadFile(filepath.Join(s.folder, "sql", "none.json")); err != nil || string(text) != "[]\n" {
		t.Errorf("an empty result is %q, %v", text, err)
	}
	if _, err := run(t, s, "%sql select 1 union all select abs(-9223372036854775808)"); err == nil {
		t.Error("a failing row is not an error")
	}
	left, err := filepath.Glob(filepath.Join(s.folder, "sql", ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestJSON(t *testing.T) {
	s := newSession(t)
	var got result
	if err := json.Unmarshal([]byte(mustRun(t, s, "%sql --json select 1 as a, 2 as a")), &got); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(got.Columns, []string{"a", "a"}) || got.Count != 1 || got.JSON == "" {
		t.Errorf("%+v", got)
	}
}

func TestDatabaseStaysOpen(t *testing.T) {
	s := newSession(t)
	file := filepath.Join(t.TempDir(), "odd name%20#?.sqlite")
	if got := mustRun(t, s, "%sql --db '"+file+"'"); !strings.Contains(got, file) {
		t.Errorf("got %q", got)
	}
	mustRun(t, s, "%sql create table t (x); insert into t values (7)")
	other := newSession(t)
	if got := mustRun(t, other, "%sql --db '"+file+"' select x from t"); !strings.Contains(got, "7") {
		t.Errorf("the file holds %q", got)
	}
	mustRun(t, other, "%sql --db :memory: create table t (y)")
}

func TestErrors(t *testing.T) {
	s := newSession(t)
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{
		"%sql":                              "there is no query",
		"%sql selekt 1":                     `near "selekt": syntax error`,
		"%sql select * from nowhere":        "no such table: nowhere",
		"%sql --db " + text + " select 1":   "open the database " + text,
		"%sql --db /nowhere/x select 1":     "open the database /nowhere/x",
		"%sql --db " + s.folder + " select": "it is a folder",
		"%sql --as ../x select 1":           "a name is made of letters",
		"%sql --limit -1 select 1":          "it is 0 or more",
		"%sql --bd x select 1":              "did you mean --db",
	} {
		if shown, err := run(t, s, cell); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, shown %q", cell, err, shown)
		}
	}
	mustRun(t, s, "%sql select 1")
}

func TestInterrupt(t *testing.T) {
	s := newSession(t)
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, interrupt)
	h := &magictest.Host{}
	err := h.Run(ctx, s.magic(), "%sql with recursive n(i) as (select 1 union all select i+1 from n) select count(*) from n")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	mustRun(t, s, "%sql select 1")
}
