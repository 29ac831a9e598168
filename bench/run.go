package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/parleyrtc/webrtc/bench/peer"
)

// A spec says what a process of this program has to do. It is passed on in an
// environment variable, as JSON.
type spec struct {
	Workload, Library string
	Seconds           float64 // of the window that is measured
	Tiny              bool    // a smoke run: few connections, short waits
	Far               bool    // be the far end
	// Files, without their suffixes, for profiles; "" for none.
	CPUProfile, AllocProfile string
}

// specEnv tells a process that it is one of a run.
const specEnv = "PARLEY_BENCH_SPEC"

func (s spec) profiler(suffix string) *profiler {
	p := &profiler{}
	if s.CPUProfile != "" {
		p.cpuFile = s.CPUProfile + suffix + ".cpu.pprof"
	}
	if s.AllocProfile != "" {
		p.allocFile = s.AllocProfile + suffix + ".allocs.pprof"
	}
	return p
}

// again is the command that runs this program once more, for a spec.
func again(s spec) (*exec.Cmd, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), specEnv+"="+string(text))
	return cmd, nil
}

// serve is the main function of a process of a run: it measures and writes the
// figures, or is the far end.
func serve(text string, in io.Reader, out io.Writer) error {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	if s.AllocProfile != "" {
		runtime.MemProfileRate = 4 << 10
	}
	if s.Far {
		return serveFar(s, in, out)
	}
	figures, err := measure(s)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(figures)
}

// A figure is one of the results of a run.
type figure struct {
	Name, Unit string
	Value      float64
}

// A run is one run of a workload on a library, in this process.
type run struct {
	spec
	workload
	library peer.Library
	far     farEnd
	near    *answerer // far, if it is in this process
	profile *profiler
	tally   tally // of what arrives at the near end
	peers   []peer.Peer
}

func measure(s spec) (figures []figure, err error) {
	w, err := find(s.Workload)
	if err != nil {
		return nil, err
	}
	r := &run{spec: s, workload: w, profile: s.profiler("")}
	if r.library, err = library(s.Library, w.fast); err != nil {
		return nil, err
	}
	if w.processes == 2 {
		if r.far, err = startFar(s); err != nil {
			return nil, err
		}
	} else {
		if r.near, err = newAnswerer(r.library, w.far.sized(s.Tiny)); err != nil {
			return nil, err
		}
		r.near.inside = true
		r.far = r.near
	}
	defer func() {
		for _, p := range r.peers {
			err = errors.Join(err, p.Close())
		}
		err = errors.Join(err, r.far.close())
	}()
	return w.measure(r)
}

// limit bounds everything that a run waits for.
const limit = 30 * time.Second

// wait waits for an event.
func wait(happened <-chan struct{}, what string) error {
	select {
	case <-happened:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("%s: not within %v", what, limit)
	}
}

// event returns a channel and a function that puts one token into it and drops
// those for which there is no room.
func event() (chan struct{}, func()) {
	c := make(chan struct{}, 1)
	return c, func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// window is how long the run measures.
func (r *run) window() time.Duration { return time.Duration(r.Seconds * float64(time.Second)) }

// warmUp is how long a load runs before the window.
func (r *run) warmUp() time.Duration {
	if r.Tiny {
		return 50 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// count returns n, or a few in a smoke run.
func (r *run) count(n int) int {
	if r.Tiny {
		return min(n, 3)
	}
	return n
}

// connect makes a pair: a peer here, which prepare sets up, and one at the far end.
// It returns when the offerer is connected.
func (r *run) connect(prepare func(peer.Peer) error) error {
	p, err := r.library.New()
	if err != nil {
		return err
	}
	r.peers = append(r.peers, p)
	connected, signals := event()
	p.OnConnected(signals)
	if err := prepare(p); err != nil {
		return err
	}
	offer, err := p.Offer()
	if err != nil {
		return err
	}
	answer, err := r.far.answer(offer)
	if err != nil {
		return err
	}
	if err := p.Accept(answer); err != nil {
		return err
	}
	return wait(connected, "connecting")
}

// connectChannel makes a pair with a channel that is open at the offerer.
func (r *run) connectChannel(onMessage func([]byte)) (peer.Channel, error) {
	var c peer.Channel
	opened, signals := event()
	err := r.connect(func(p peer.Peer) error {
		var err error
		if c, err = p.CreateChannel(r.reliable); err != nil {
			return err
		}
		c.OnOpen(signals)
		if onMessage != nil {
			c.OnMessage(onMessage)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, wait(opened, "opening a channel")
}

// between measures what both ends use while f runs.
func (r *run) between(f func()) (near, far usage, err error) {
	if err := r.profile.begin(); err != nil {
		return near, far, err
	}
	far0, err := r.far.begin()
	if err != nil {
		return near, far, err
	}
	near0 := r.usage()
	f()
	near1 := r.usage()
	far1, err := r.far.end()
	if err != nil {
		return near, far, err
	}
	return near1.since(near0), far1.since(far0), r.profile.end()
}

func (r *run) usage() usage {
	u := processUsage()
	u.Items, u.Bytes = float64(r.tally.items.Load()), float64(r.tally.bytes.Load())
	return u
}
