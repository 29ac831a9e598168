package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/bench/parley"
	"github.com/parleyrtc/webrtc/bench/peer"
	"github.com/parleyrtc/webrtc/bench/pion"
	"github.com/parleyrtc/webrtc/bench/sink"
)

// The libraries, as flags and tables name them.
const (
	nameParley = "parley"
	namePion   = "pion"
	nameSink   = "sink" // of package sink; at the far end only
	nameNode   = "node-datachannel"
)

func library(name string, fast bool) (peer.Library, error) {
	switch name {
	case nameParley:
		return parley.New(fast), nil
	case namePion:
		return pion.New(fast), nil
	case nameSink:
		return sink.New()
	}
	return nil, fmt.Errorf("no library %q", name)
}

// A farEnd is the end of the connections that answers: in this process or another.
type farEnd interface {
	// answer makes a peer that takes an offer.
	answer(offer string) (string, error)
	// send starts what the end sends.
	send() error
	// begin and end are called at the beginning and the end of the window that is
	// measured.
	begin() (usage, error)
	end() (usage, error)
	close() error
}

// An answerer is a far end in this process. Whatever arrives at its peers, it
// counts, and sends back if the workload echoes.
type answerer struct {
	library peer.Library
	plan    far
	inside  bool // the process's usage is not the answerer's alone
	profile *profiler

	tally   tally
	arrived chan struct{} // gets a token after items have arrived
	frames  peer.FrameTrack
	stop    chan struct{}

	mu    sync.Mutex // guards peers
	peers []peer.Peer
}

func newAnswerer(l peer.Library, plan far) (*answerer, error) {
	a := &answerer{library: l, plan: plan, profile: &profiler{}, arrived: make(chan struct{}, 1), stop: make(chan struct{})}
	var err error
	if plan.rate > 0 {
		a.frames, err = l.NewFrameTrack()
	}
	return a, err
}

func (a *answerer) counts(item []byte) {
	a.tally.add(len(item))
	select {
	case a.arrived <- struct{}{}:
	default:
	}
}

func (a *answerer) answer(offer string) (string, error) {
	p, err := a.library.New()
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	a.peers = append(a.peers, p)
	a.mu.Unlock()
	p.OnChannel(func(c peer.Channel) {
		if !a.plan.echo {
			c.OnMessage(a.counts)
			return
		}
		c.OnMessage(func(message []byte) {
			a.counts(message)
			_ = c.Send(message) // the other end misses it, and says so
		})
	})
	p.OnPackets(a.counts)
	if a.frames != nil {
		if err := p.Send(a.frames); err != nil {
			return "", err
		}
	}
	return p.Answer(offer)
}

// send sends frames at the plan's rate until the end is closed.
func (a *answerer) send() error {
	if a.frames == nil {
		return nil
	}
	frame, interval := vp8Frame(a.plan.burst), time.Second*time.Duration(a.plan.burst)/time.Duration(a.plan.rate)
	go func() {
		tick := time.NewTicker(max(interval, time.Millisecond))
		defer tick.Stop()
		for next := time.Now(); ; {
			for now := time.Now(); next.Before(now); next = next.Add(interval) {
				if now.Sub(next) > 100*time.Millisecond {
					next = now // the process was held up
				}
				_ = a.frames.WriteFrame(frame, interval) // an error when the peers close
			}
			select {
			case <-tick.C:
			case <-a.stop:
				return
			}
		}
	}()
	return nil
}

func (a *answerer) usage() usage {
	u := usage{Seconds: time.Since(processStart).Seconds()}
	if !a.inside {
		u = processUsage()
	}
	items, bytes := a.tally.items.Load(), a.tally.bytes.Load()
	if s, ok := a.library.(*sink.Library); ok {
		items, bytes = s.Received()
	}
	u.Items, u.Bytes = float64(items), float64(bytes)
	return u
}

func (a *answerer) begin() (usage, error) {
	err := a.profile.begin()
	return a.usage(), err
}

func (a *answerer) end() (usage, error) {
	u := a.usage()
	return u, a.profile.end()
}

func (a *answerer) close() error {
	close(a.stop)
	return a.closePeers()
}

func (a *answerer) closePeers() error {
	a.mu.Lock()
	peers := a.peers
	a.peers = nil
	a.mu.Unlock()
	for _, p := range peers {
		if err := p.Close(); err != nil {
			return err
		}
	}
	return nil
}

// A farRequest is what a farProcess asks of the process, a farReply what that says:
// lines of JSON.
type (
	farRequest struct{ Do, Offer string }
	farReply   struct {
		Answer string `json:",omitempty"`
		Usage  usage
		Error  string `json:",omitempty"`
	}
)

// serveFar is the main function of a process at the far end.
func serveFar(s spec, in io.Reader, out io.Writer) error {
	w, err := find(s.Workload)
	if err != nil {
		return err
	}
	plan := w.far.sized(s.Tiny)
	l, err := library(farLibrary(w, s.Library), w.fast)
	if err != nil {
		return err
	}
	a, err := newAnswerer(l, plan)
	if err != nil {
		return err
	}
	a.profile = s.profiler("-far")
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q farRequest
		if err := requests.Decode(&q); err == io.EOF {
			return nil // peers end with the process
		} else if err != nil {
			return err
		}
		var reply farReply
		var err error
		switch q.Do {
		case "answer":
			reply.Answer, err = a.answer(q.Offer)
		case "send":
			err = a.send()
		case "begin":
			reply.Usage, err = a.begin()
		case "end":
			reply.Usage, err = a.end()
		}
		if err != nil {
			reply.Error = err.Error()
		}
		if err := replies.Encode(reply); err != nil {
			return err
		}
	}
}

// A farProcess is a far end in a process of its own.
type farProcess struct {
	mu      sync.Mutex // guards requests and replies
	cmd     *exec.Cmd
	in      io.Closer
	out     *json.Encoder
	replies *json.Decoder
	closed  atomic.Bool
}

func startFar(s spec) (*farProcess, error) {
	s.Far = true
	cmd, err := again(s)
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &farProcess{cmd: cmd, in: in, out: json.NewEncoder(in), replies: json.NewDecoder(out)}, nil
}

func (f *farProcess) ask(do, offer string) (farReply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var reply farReply
	if err := f.out.Encode(farRequest{do, offer}); err != nil {
		return reply, err
	}
	if err := f.replies.Decode(&reply); err != nil {
		return reply, fmt.Errorf("the process at the far end: %w", err)
	}
	if reply.Error != "" {
		return reply, fmt.Errorf("at the far end: %s", reply.Error)
	}
	return reply, nil
}

func (f *farProcess) answer(offer string) (string, error) {
	r, err := f.ask("answer", offer)
	return r.Answer, err
}

func (f *farProcess) send() error {
	_, err := f.ask("send", "")
	return err
}

func (f *farProcess) begin() (usage, error) {
	r, err := f.ask("begin", "")
	return r.Usage, err
}

func (f *farProcess) end() (usage, error) {
	r, err := f.ask("end", "")
	return r.Usage, err
}

func (f *farProcess) close() error {
	if f.closed.Swap(true) {
		return nil
	}
	if err := f.in.Close(); err != nil {
		return err
	}
	return f.cmd.Wait()
}
