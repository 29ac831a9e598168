package main

import (
	"math"
	"slices"
)

// percentile returns the p-th percentile of values: between two of them, as far as
// p is. It is NaN if there are none. values keep their order.
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := p / 100 * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

// A summary is what is printed of a figure's values.
type summary struct{ Median, Min, Max float64 }

// summarize leaves out values that are not there (NaN); ok is false if none is.
func summarize(values []float64) (s summary, ok bool) {
	there := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(there) == 0 {
		return summary{}, false
	}
	return summary{percentile(there, 50), slices.Min(there), slices.Max(there)}, true
}

// ratios divides pair by pair. Where a value is missing or the divisor is 0, so is
// the ratio.
func ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		if out[i] = a[i] / b[i]; math.IsInf(out[i], 0) {
			out[i] = math.NaN()
		}
	}
	return out
}
