package main

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWorkloads runs every workload on both libraries, small and short, each in
// its own processes.
func TestWorkloads(t *testing.T) {
	for _, w := range workloads() {
		t.Run(w.name, func(t *testing.T) {
			c := &comparison{options: options{pairs: 1, seconds: 0.2, tiny: true}, progress: io.Discard}
			c.run(t.Context(), w)
			for _, err := range c.failures {
				t.Error(err)
			}
			for _, r := range c.rows {
				for _, name := range []string{nameParley, namePion} {
					if rate := c.rows[0].Values[name]; len(rate) == 1 && rate[0] == 0 {
						continue // a lost packet has held up all of so short a window
					}
					if len(r.Values[name]) != 1 || math.IsNaN(r.Values[name][0]) {
						t.Errorf("%s of %s is %v, want one value", r.Figure, name, r.Values[name])
					}
				}
			}
		})
	}
}

// TestFramesBecomeTheirNumberOfPackets counts what arrives between two ends of
// frames, so that figures per packet are true.
func TestFramesBecomeTheirNumberOfPackets(t *testing.T) {
	for _, name := range []string{nameParley, namePion} {
		for _, burst := range []int{1, 4, 8} {
			if got := packetsOfAFrame(t, name, burst); got != burst {
				t.Errorf("%s makes %d packets of a frame of %d", name, got, burst)
			}
		}
	}
}

func packetsOfAFrame(t *testing.T, name string, burst int) int {
	l, err := library(name, false)
	if err != nil {
		t.Fatal(err)
	}
	track, err := l.NewFrameTrack()
	if err != nil {
		t.Fatal(err)
	}
	from, err := l.New()
	if err != nil {
		t.Fatal(err)
	}
	to, err := l.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := (pair{from, to}).close(); err != nil {
			t.Error(err)
		}
	}()
	markers := make(chan bool, 1000)
	to.OnPackets(func(packet []byte) { markers <- packet[1]&0x80 != 0 }) // RFC 3550 §5.1
	if err := from.Send(track); err != nil {
		t.Fatal(err)
	}
	offer, err := from.Offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := to.Answer(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := from.Accept(answer); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late, ends, packets := time.After(limit), 0, 0; ; {
		select {
		case end := <-markers:
			if packets++; !end {
				continue
			}
			if ends++; ends == 2 {
				return packets
			}
			packets = 0
		case <-tick.C:
			if err := track.WriteFrame(vp8Frame(burst), 10*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		case <-late:
			t.Fatalf("%s: no two frames within %v", name, limit)
		}
	}
}

// TestProfilesAreWritten asks for both kinds, of both processes.
func TestProfilesAreWritten(t *testing.T) {
	w, err := find("data, 1 KiB, 2 processes")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &comparison{options: options{seconds: 0.1, tiny: true, cpuProfile: dir, allocProfile: dir}, progress: io.Discard}
	if _, err := c.runOnce(w, nameParley, 0); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"parley.cpu", "parley.allocs", "parley-far.cpu", "parley-far.allocs"} {
		name := filepath.Join(dir, "data-1-KiB-2-processes-"+file+".pprof")
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
