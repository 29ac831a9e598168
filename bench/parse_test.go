package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse(strings.Fields("-only RTP -pairs 3 -seconds 0.5 -cpuprofile a -allocprofile b -json"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.only.String() != "RTP" || o.pairs != 3 || o.seconds != 0.5 || o.cpuProfile != "a" || o.allocProfile != "b" || !o.json {
		t.Errorf("options are %+v", o)
	}
	for _, bad := range []string{"-only (", "-pairs 0", "-pairs x", "-seconds 0", "-seconds -1", "-seconds NaN", "-seconds 1e9", "more", "-unknown"} {
		if _, err := parse(strings.Fields(bad), io.Discard); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestListAndNoMatch(t *testing.T) {
	o, err := parse(strings.Fields("-list -only ^set-up$"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := compare(o, &out, io.Discard); err != nil || out.String() != "set-up\n" {
		t.Errorf("the list is %q, %v", out.String(), err)
	}
	o, err = parse(strings.Fields("-only nothing.like.this"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(o, io.Discard, io.Discard); err == nil {
		t.Error("a selection of nothing runs")
	}
}

func TestWorkloadsHaveNamesOfTheirOwn(t *testing.T) {
	names := map[string]bool{}
	for _, w := range workloads() {
		if names[w.name] || names[fileName(w.name)] {
			t.Errorf("two workloads are called %q", w.name)
		}
		names[w.name], names[fileName(w.name)] = true, true
		if strings.ContainsAny(fileName(w.name), " ,/") {
			t.Errorf("%q is no name of a file", fileName(w.name))
		}
	}
}

// TestBothLibrariesRunTheSameText compares the implementations of package peer.
func TestBothLibrariesRunTheSameText(t *testing.T) {
	text := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, body, ok := strings.Cut(string(b), "\n)\n") // the end of the imports
		if !ok {
			t.Fatalf("%s has no imports", name)
		}
		return body
	}
	if text("parley/peer.go") != text("pion/peer.go") {
		t.Error("parley/peer.go and pion/peer.go differ in more than what they import")
	}
}
