package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// number formats a value with three significant digits or, above 1000, whole.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.Abs(v) >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) < 0.005:
		return "0"
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// cell formats the values of a figure: the median and, of several, the spread.
func cell(values []float64) string {
	s, ok := summarize(values)
	if !ok {
		return "–"
	}
	if s.Min == s.Max {
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Min), number(s.Max))
}

// writeTable writes the rows as a Markdown table. The column of a library that has
// run nothing is left out.
func writeTable(out io.Writer, rows []row) {
	third := false
	for _, r := range rows {
		third = third || len(r.Values[nameNode]) > 0
	}
	head, line := "| workload | figure | this library | pion/webrtc | ratio |", "|---|---|---|---|---|"
	if third {
		head, line = head+" node-datachannel |", line+"---|"
	}
	fmt.Fprintln(out, head)
	fmt.Fprintln(out, line)
	before := ""
	for _, r := range rows {
		name := r.Workload
		if name == before {
			name = ""
		}
		before = r.Workload
		ours, theirs := r.Values[nameParley], r.Values[namePion]
		fmt.Fprintf(out, "| %s | %s, %s | %s | %s | %s |", name, r.Figure, r.Unit, cell(ours), cell(theirs), cell(ratios(ours, theirs)))
		if third {
			fmt.Fprintf(out, " %s |", cell(r.Values[nameNode]))
		}
		fmt.Fprintln(out)
	}
}

// writeJSON writes the rows with all their values. Values that are missing are
// null.
func writeJSON(out io.Writer, rows []row) error {
	type library struct {
		summary
		Values []*float64
	}
	type figures struct {
		Workload, Figure, Unit string
		Libraries              map[string]library
		Ratio                  *summary `json:",omitempty"`
	}
	all := []figures{}
	for _, r := range rows {
		f := figures{r.Workload, r.Figure, r.Unit, map[string]library{}, nil}
		for name, values := range r.Values {
			l := library{}
			l.summary, _ = summarize(values)
			for _, v := range values {
				if math.IsNaN(v) {
					l.Values = append(l.Values, nil)
				} else {
					l.Values = append(l.Values, &v)
				}
			}
			f.Libraries[name] = l
		}
		if s, ok := summarize(ratios(r.Values[nameParley], r.Values[namePion])); ok {
			f.Ratio = &s
		}
		all = append(all, f)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "\t")
	return e.Encode(all)
}
