package sdp

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestBroken holds the reader to testdata/sdp/broken: which inputs are of no
// use as a whole, which spoil one section only, and at which line it says so.
func TestBroken(t *testing.T) {
	files := readFiles(t, goldens+"/broken/*.sdp")
	table, err := os.ReadFile(goldens + "/broken/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(string(table)) {
		if strings.HasPrefix(row, "#") {
			continue
		}
		column := strings.Split(strings.TrimSpace(row), "\t")
		name, scope, reason := column[0], column[1], column[3]
		line, _ := strconv.Atoi(column[2])
		text, ok := files[name]
		if !ok {
			t.Errorf("want.txt speaks of %s, which is not there", name)
		}
		delete(files, name)
		t.Run(name, func(t *testing.T) {
			s, err := Parse(text)
			if scope != "whole" {
				err = wantOneMalformed(t, s, err, scope)
			} else if s != nil {
				t.Error("a description besides the error")
			}
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("the error is %v, want a *SyntaxError", err)
			}
			if syntax.Line != line || !strings.Contains(syntax.Reason, reason) {
				t.Errorf("got %v, want line %d and %q", syntax, line, reason)
			}
			wantLine(t, text, syntax)
		})
	}
	for name := range files {
		t.Errorf("want.txt does not speak of %s", name)
	}
}

// wantOneMalformed returns the reason of the section with the index, after
// seeing that no other is spoilt, and that a round trip keeps it so.
func wantOneMalformed(t *testing.T, s *Session, err error, index string) error {
	t.Helper()
	if err != nil {
		t.Fatalf("the whole description failed: %v", err)
	}
	var reason error
	for i, m := range s.Media {
		if strconv.Itoa(i) == index {
			reason = m.Malformed
		} else if m.Malformed != nil {
			t.Errorf("section %d is malformed as well: %v", i, m.Malformed)
		}
	}
	again, err := Parse(s.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	malformed := func(m *Media) bool { return m.Malformed != nil }
	if was, is := slices.IndexFunc(s.Media, malformed), slices.IndexFunc(again.Media, malformed); was != is {
		t.Errorf("after a round trip section %d is malformed instead of %d", is, was)
	}
	return reason
}

// wantLine fails if the error repeats another line than the one it counts.
func wantLine(t *testing.T, text string, e *SyntaxError) {
	t.Helper()
	if e.Text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if e.Line > len(lines) || !strings.HasPrefix(lines[e.Line-1], e.Text) {
		t.Errorf("line %d is not %q", e.Line, e.Text)
	}
}
