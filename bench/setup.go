package main

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/bench/peer"
)

// A pair is two connected peers in this process.
type pair struct{ offerer, answerer peer.Peer }

func (p pair) close() error { return errors.Join(p.offerer.Close(), p.answerer.Close()) }

// newPairOf makes two peers with a channel, or a track from one to the other, and
// returns when both ends are connected and the channel is open at both.
func newPairOf(l, other peer.Library, media bool) (pair, error) {
	var p pair
	var err error
	if p.offerer, err = l.New(); err != nil {
		return p, err
	}
	if p.answerer, err = other.New(); err != nil {
		return p, err
	}
	here, signalsHere := event()
	there, signalsThere := event()
	if media {
		track, err := l.NewPacketTrack()
		if err != nil {
			return p, err
		}
		if err := p.offerer.Send(track); err != nil {
			return p, err
		}
		p.offerer.OnConnected(signalsHere)
		p.answerer.OnConnected(signalsThere)
	} else {
		c, err := p.offerer.CreateChannel(true)
		if err != nil {
			return p, err
		}
		c.OnOpen(signalsHere)
		p.answerer.OnChannel(func(c peer.Channel) { c.OnOpen(signalsThere) })
	}
	offer, err := p.offerer.Offer()
	if err != nil {
		return p, err
	}
	answer, err := p.answerer.Answer(offer)
	if err != nil {
		return p, err
	}
	if err := p.offerer.Accept(answer); err != nil {
		return p, err
	}
	return p, errors.Join(wait(here, "the offerer's end"), wait(there, "the answerer's end"))
}

// newPairs makes n pairs, several at a time, and closes those that were made if
// one fails.
func newPairs(l peer.Library, n, atATime int, media bool) ([]pair, error) {
	return newPairsOf(l, l, n, atATime, media)
}

func newPairsOf(l, other peer.Library, n, atATime int, media bool) ([]pair, error) {
	pairs, failures := make([]pair, n), make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			for i := range next {
				pairs[i], failures[i] = newPairOf(l, other, media)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	return pairs, errors.Join(failures...)
}

func closePairs(pairs []pair) error {
	var failures []error
	for _, p := range pairs {
		failures = append(failures, p.close())
	}
	return errors.Join(failures...)
}

// setUpRound is how many pairs are made before they are closed, which is not
// measured.
const setUpRound = 25

// setUp makes pairs one after the other for half of the window, then four at a
// time.
func setUp(r *run) ([]figure, error) {
	if err := r.setUpRound(1, 5, nil); err != nil {
		return nil, err
	}
	var alone, together usage
	var latencies []float64
	if err := r.profile.begin(); err != nil {
		return nil, err
	}
	n, m := 0.0, 0.0
	for end := time.Now().Add(r.window() / 2); n == 0 || time.Now().Before(end); n += setUpRound {
		if err := r.setUpRound(1, setUpRound, func(u usage) {
			alone = alone.plus(u)
			latencies = append(latencies, u.Seconds/setUpRound*1e3)
		}); err != nil {
			return nil, err
		}
	}
	if err := r.profile.end(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(r.window() / 2); m == 0 || time.Now().Before(end); m += setUpRound {
		if err := r.setUpRound(4, setUpRound, func(u usage) { together = together.plus(u) }); err != nil {
			return nil, err
		}
	}
	return []figure{
		{"latency, alone", "ms", percentile(latencies, 50)},
		{"CPU", "ms per pair", alone.CPU / n * 1e3},
		{"allocations", "per pair", alone.Mallocs / n},
		{"allocated", "KiB per pair", alone.AllocBytes / n / 1024},
		{"four at a time", "pairs/s", m / together.Seconds},
	}, nil
}

// plus adds what was used at another time.
func (u usage) plus(v usage) usage {
	return u.since(usage{-v.Seconds, -v.CPU, -v.Mallocs, -v.AllocBytes, -v.Items, -v.Bytes})
}

func (r *run) setUpRound(atATime, n int, report func(usage)) error {
	before := processUsage()
	pairs, err := newPairs(r.library, n, atATime, false)
	if err != nil {
		return err
	}
	if report != nil {
		report(processUsage().since(before))
	}
	return closePairs(pairs)
}

// holdings returns what the process has now.
func holdings() (goroutines, heap, stacks, sockets float64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(runtime.NumGoroutine()), float64(m.HeapAlloc), float64(m.StackInuse), float64(openSockets())
}

// idle makes pairs and watches them do nothing.
func idle(r *run) ([]figure, error) {
	stats := holdings
	settle, window := 3*time.Second, max(r.window(), 5*time.Second)
	if r.Tiny {
		settle, window = r.window(), r.window()
	}
	// What the first pair leaves behind for good is not a cost of each.
	first, err := newPairs(r.library, 1, 1, r.media)
	if err != nil {
		return nil, err
	}
	if err := closePairs(first); err != nil {
		return nil, err
	}
	g0, h0, s0, f0 := stats()
	n := r.count(r.connections)
	pairs, err := newPairs(r.library, n, 4, r.media)
	if err != nil {
		return nil, err
	}
	time.Sleep(settle)
	g1, h1, s1, f1 := stats()
	if err := r.profile.begin(); err != nil {
		return nil, err
	}
	before := processUsage()
	time.Sleep(window)
	u := processUsage().since(before)
	if err := r.profile.end(); err != nil {
		return nil, err
	}
	peers := float64(2 * n)
	figures := []figure{
		{"goroutines", "per connection", (g1 - g0) / peers},
		{"heap", "KiB per connection", (h1 - h0) / peers / 1024},
		{"stacks", "KiB per connection", (s1 - s0) / peers / 1024},
		{"sockets", "per connection", (f1 - f0) / peers},
		{"CPU", "µs/s per connection", u.CPU / u.Seconds / peers * 1e6},
	}
	return figures, closePairs(pairs)
}
