package main

import "time"

// onePort connects peers that share one UDP port to as many that have a socket each.
// What a peer with a socket of its own costs is measured first, with a tenth of the
// pairs; what is left of the whole is the cost of those on the port.
func onePort(r *run) ([]figure, error) {
	n := r.count(r.connections)
	few := max(n/10, 1)
	settle := 3 * time.Second
	if r.Tiny {
		settle = r.window()
	}
	first, err := newPairs(r.library, 1, 1, false)
	if err != nil {
		return nil, err
	}
	if err := closePairs(first); err != nil {
		return nil, err
	}
	g0, h0, _, _ := holdings()
	own, err := newPairs(r.library, few, 4, false)
	if err != nil {
		return nil, err
	}
	time.Sleep(settle)
	g1, h1, _, _ := holdings()
	ownGoroutines, ownHeap := (g1-g0)/float64(2*few), (h1-h0)/float64(2*few)
	if err := closePairs(own); err != nil {
		return nil, err
	}
	time.Sleep(settle)

	shared, closePort, err := r.library.OnePort()
	if err != nil {
		return nil, err
	}
	g0, h0, _, f0 := holdings()
	if err := r.profile.begin(); err != nil {
		return nil, err
	}
	before := processUsage()
	pairs, err := newPairsOf(shared, r.library, n, 4, false)
	if err != nil {
		return nil, err
	}
	u := processUsage().since(before)
	if err := r.profile.end(); err != nil {
		return nil, err
	}
	time.Sleep(settle)
	g2, h2, _, f2 := holdings()
	peers := float64(n)
	figures := []figure{
		{"goroutines", "per connection", (g2 - g0 - peers*ownGoroutines) / peers},
		{"goroutines with an own socket", "per connection", ownGoroutines},
		{"heap", "KiB per connection", (h2 - h0 - peers*ownHeap) / peers / 1024},
		{"sockets", "of the port", f2 - f0 - peers + 1}, // opened before the first count
		{"heap with an own socket", "KiB per connection", ownHeap / 1024},
		{"set-up CPU", "ms per pair", u.CPU / peers * 1e3},
	}
	if err := closePairs(pairs); err != nil {
		return nil, err
	}
	return figures, closePort()
}
