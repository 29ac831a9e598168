package main

import (
	"fmt"
	"regexp"
)

// A workload is what both libraries are put through.
type workload struct {
	name string
	// measure runs it and returns its figures.
	measure func(*run) ([]figure, error)
	// minor workloads run in half as many pairs.
	minor bool
	// processes is 2 if the far end is a process of its own.
	processes int
	far       far
	// fast has libraries receive in their fastest way.
	fast bool

	size        int  // bytes of a message
	reliable    bool // ordered, and sent again
	connections int
	burst       int  // packets of a frame
	media       bool // a track instead of a channel
}

// far says what the far end does besides counting.
type far struct {
	library string // "" for the library under test
	echo    bool   // sends messages back
	rate    int    // packets a second that it sends, in frames of burst packets
	burst   int
}

// sized returns the plan, with a low rate for a smoke run.
func (f far) sized(tiny bool) far {
	if tiny && f.rate > 0 {
		f.rate = 500
	}
	return f
}

// farLibrary is the library of the far end when name is under test.
func farLibrary(w workload, name string) string {
	if w.far.library != "" {
		return w.far.library
	}
	return name
}

// receiveRate is how many packets a second are sent to a receiver whose cost is
// measured: about 200 Mbit/s, which no library needs a whole core for.
const receiveRate = 20000

// receiveFastRate is a rate at which receivers are hardly ever idle, so that what a
// packet itself costs is seen: about 550 Mbit/s.
const receiveFastRate = 60000

// workloads returns all, in the table's order.
func workloads() []workload {
	var all []workload
	for _, processes := range []int{1, 2} {
		for _, size := range []int{64, 1 << 10, 16 << 10, 64 << 10, 256 << 10} {
			all = append(all, workload{
				name: fmt.Sprintf("data, %s, %s", bytesName(size), processesName(processes)), measure: throughput,
				processes: processes, size: size, reliable: true,
			})
		}
	}
	for _, processes := range []int{1, 2} {
		for _, size := range []int{64, 1 << 10, 16 << 10, 64 << 10, 256 << 10} {
			all = append(all, workload{
				name: fmt.Sprintf("data, %s, unreliable, %s", bytesName(size), processesName(processes)), measure: throughput,
				processes: processes, size: size, minor: true,
			})
		}
	}
	all = append(all, workload{
		name: "data, 64 KiB, fastest way, 2 processes", measure: throughput,
		processes: 2, size: 64 << 10, reliable: true, fast: true,
	})
	for _, processes := range []int{1, 2} {
		all = append(all, workload{
			name: "ping-pong, 100 B, " + processesName(processes), measure: pingPong,
			processes: processes, size: 100, reliable: true, far: far{echo: true},
		})
	}
	all = append(all, workload{name: "RTP one to one", measure: oneToOne, processes: 1, connections: 1})
	for _, burst := range []int{1, 4, 8} {
		all = append(all, workload{
			name: fmt.Sprintf("RTP to 100, bursts of %d", burst), measure: fanOut,
			processes: 2, connections: 100, burst: burst, far: far{library: nameSink},
		})
	}
	for _, sender := range []string{namePion, nameParley} {
		all = append(all, workload{
			name: "RTP receive, sent by " + sender, measure: receive,
			processes: 2, connections: 1, far: far{library: sender, rate: receiveRate, burst: 8},
		})
	}
	return append(all,
		workload{
			name: "RTP receive, fastest way, sent by parley", measure: receive, fast: true,
			processes: 2, connections: 1, far: far{library: nameParley, rate: receiveRate, burst: 8},
		},
		workload{
			name: "RTP receive, 60,000 a second, sent by parley", measure: receive,
			processes: 2, connections: 1, far: far{library: nameParley, rate: receiveFastRate, burst: 8},
		},
		workload{
			name: "RTP receive, 60,000 a second, fastest way, sent by parley", measure: receive, fast: true,
			processes: 2, connections: 1, far: far{library: nameParley, rate: receiveFastRate, burst: 8},
		},
		workload{name: "set-up", measure: setUp, processes: 1, reliable: true},
		workload{name: "idle, 500 pairs with data", measure: idle, processes: 1, connections: 500, reliable: true, minor: true},
		workload{name: "1000 connections on one UDP port", measure: onePort, processes: 1, connections: 1000, reliable: true, minor: true},
		workload{name: "idle, 500 pairs with media", measure: idle, processes: 1, connections: 500, media: true, minor: true},
	)
}

func bytesName(n int) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

func processesName(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}

// find returns the workload of a name.
func find(name string) (workload, error) {
	for _, w := range workloads() {
		if w.name == name {
			return w, nil
		}
	}
	return workload{}, fmt.Errorf("no workload %q", name)
}

// selected returns the workloads whose name matches; nil matches all.
func selected(only *regexp.Regexp) []workload {
	var out []workload
	for _, w := range workloads() {
		if only == nil || only.MatchString(w.name) {
			out = append(out, w)
		}
	}
	return out
}
