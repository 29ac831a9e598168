package main

import (
	"math"
	"slices"
	"testing"
)

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		values  []float64
		p, want float64
	}{
		{[]float64{7}, 50, 7},
		{[]float64{3, 1, 2}, 50, 2},
		{[]float64{4, 1, 3, 2}, 50, 2.5},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{4, 1, 3, 2}, 100, 4},
		{[]float64{0, 10}, 99, 9.9},
	} {
		before := slices.Clone(c.values)
		if got := percentile(c.values, c.p); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("percentile(%v, %v) = %v, want %v", c.values, c.p, got, c.want)
		}
		if !slices.Equal(before, c.values) {
			t.Errorf("percentile has changed its argument from %v to %v", before, c.values)
		}
	}
	if got := percentile(nil, 50); !math.IsNaN(got) {
		t.Errorf("percentile of nothing is %v", got)
	}
}

func TestSummarize(t *testing.T) {
	got, ok := summarize([]float64{5, math.NaN(), 1, 3})
	if want := (summary{3, 1, 5}); !ok || got != want {
		t.Errorf("summarize = %v, %v, want %v", got, ok, want)
	}
	for _, none := range [][]float64{nil, {math.NaN()}} {
		if _, ok := summarize(none); ok {
			t.Errorf("summarize(%v) finds something", none)
		}
	}
}

func TestRatiosAreOfPairs(t *testing.T) {
	got := ratios([]float64{2, 9, math.NaN(), 1, 5}, []float64{1, 3, 4, 0})
	want := []float64{2, 3, math.NaN(), math.NaN()}
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
		t.Errorf("ratios = %v, want %v", got, want)
	}
}

func TestUsageSince(t *testing.T) {
	before, after := usage{1, 2, 3, 4, 5, 6}, usage{11, 22, 33, 44, 55, 66}
	if got, want := after.since(before), (usage{10, 20, 30, 40, 50, 60}); got != want {
		t.Errorf("since = %v, want %v", got, want)
	}
	if got := after.since(before).plus(before); got != after {
		t.Errorf("plus = %v, want %v", got, after)
	}
}
