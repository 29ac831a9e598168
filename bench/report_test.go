package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.004: "0", 0.25: "0.25", 9.876: "9.88", 98.76: "98.8", 987.6: "988", 98765.4: "98765", math.NaN(): "–"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}

// someRows has a figure of three pairs, of which one failed on one side, and one
// that only one library has.
func someRows() []row {
	c := &comparison{}
	for pair, rate := range []float64{300, 100, 200} {
		c.add("data", nameParley, pair, []figure{{"rate", "Mbit/s", rate}, {"CPU", "s/GB", 2}})
	}
	c.add("data", namePion, 0, []figure{{"rate", "Mbit/s", 100}})
	c.add("data", namePion, 2, []figure{{"rate", "Mbit/s", 50}})
	return c.rows
}

func TestTable(t *testing.T) {
	var out strings.Builder
	writeTable(&out, someRows())
	want := `| workload | figure | this library | pion/webrtc | ratio |
|---|---|---|---|---|
| data | rate, Mbit/s | 200 (100–300) | 75.0 (50.0–100) | 3.50 (3.00–4.00) |
|  | CPU, s/GB | 2.00 | – | – |
`
	if out.String() != want {
		t.Errorf("the table is\n%s\nwant\n%s", out.String(), want)
	}
	c := &comparison{rows: someRows()}
	c.add("data", nameNode, 0, []figure{{"rate", "Mbit/s", 7}})
	out.Reset()
	writeTable(&out, c.rows)
	if line := strings.Split(out.String(), "\n")[2]; !strings.HasSuffix(line, "| 7.00 |") {
		t.Errorf("a third library has no column: %s", line)
	}
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	if err := writeJSON(&out, someRows()); err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Figure    string
		Libraries map[string]struct {
			Median float64
			Values []*float64
		}
		Ratio *summary
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	rate := got[0]
	if rate.Libraries[nameParley].Median != 200 || *rate.Ratio != (summary{3.5, 3, 4}) {
		t.Errorf("the rate is %+v, its ratio %+v", rate, *rate.Ratio)
	}
	if values := rate.Libraries[namePion].Values; len(values) != 3 || values[1] != nil || *values[2] != 50 {
		t.Errorf("pion's values are %v, want the second to be null", values)
	}
	if got[1].Ratio != nil {
		t.Errorf("there is a ratio to nothing: %+v", got[1].Ratio)
	}
}
