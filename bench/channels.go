package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/bench/peer"
)

// highWater is how many bytes a sender keeps queued: it goes on when half are
// left.
const highWater = 1 << 20

// throughput sends messages of one size as fast as the library takes them and
// counts those that arrive.
func throughput(r *run) ([]figure, error) {
	c, err := r.connectChannel(nil)
	if err != nil {
		return nil, err
	}
	sender := newChannelSender(c, r.size)
	go sender.run()
	time.Sleep(r.warmUp())
	sent := sender.sent.Load()
	near, far, err := r.between(func() { time.Sleep(r.window()) })
	sent = sender.sent.Load() - sent
	if failure := sender.end(); failure != nil || err != nil {
		return nil, errors.Join(failure, err)
	}
	figures := []figure{{"rate", "Mbit/s", far.Bytes * 8 / 1e6 / far.Seconds}}
	if far.Items == 0 {
		return figures, nil // an association can wait longer than the window for a lost packet
	}
	figures = append(figures,
		figure{"CPU, both ends", "s/GB", (near.CPU + far.CPU) / far.Bytes * 1e9},
		figure{"allocations, both ends", "per message", (near.Mallocs + far.Mallocs) / far.Items},
	)
	if !r.reliable {
		figures = append(figures, figure{"arrived", "%", 100 * far.Items / float64(sent)})
	}
	return figures, nil
}

// A channelSender sends messages until it is ended.
type channelSender struct {
	channel peer.Channel
	message []byte
	sent    atomic.Int64
	low     chan struct{}
	stop    chan struct{}
	done    chan error
}

func newChannelSender(c peer.Channel, size int) *channelSender {
	low, signals := event()
	c.OnLow(highWater/2, signals)
	return &channelSender{channel: c, message: make([]byte, size), low: low, stop: make(chan struct{}), done: make(chan error, 1)}
}

func (s *channelSender) run() {
	for {
		select {
		case <-s.stop:
			s.done <- nil
			return
		default:
		}
		if s.channel.BufferedAmount() > highWater {
			select {
			case <-s.low:
			case <-s.stop:
			}
			continue
		}
		if err := s.channel.Send(s.message); err != nil {
			s.done <- fmt.Errorf("sending: %w", err)
			return
		}
		s.sent.Add(1)
	}
}

// end stops the sender and returns the error that has stopped it before.
func (s *channelSender) end() error {
	close(s.stop)
	return <-s.done
}

// pingPong sends a message, waits for its echo, and so on.
func pingPong(r *run) ([]figure, error) {
	echo, signals := event()
	c, err := r.connectChannel(func([]byte) { signals() })
	if err != nil {
		return nil, err
	}
	message := make([]byte, r.size)
	var trips []float64
	play := func(until time.Time) error {
		for start := time.Now(); start.Before(until); {
			if err := c.Send(message); err != nil {
				return err
			}
			if err := wait(echo, "an echo"); err != nil {
				return err
			}
			now := time.Now()
			trips = append(trips, float64(now.Sub(start).Nanoseconds())/1e3)
			start = now
		}
		return nil
	}
	if err := play(time.Now().Add(r.warmUp())); err != nil {
		return nil, err
	}
	trips = append(make([]float64, 0, 1<<20), trips[:0]...)
	var failure error
	near, far, err := r.between(func() { failure = play(time.Now().Add(r.window())) })
	if failure != nil || err != nil {
		return nil, errors.Join(failure, err)
	}
	n := float64(len(trips))
	return []figure{
		{"round trip, p50", "µs", percentile(trips, 50)},
		{"round trip, p99", "µs", percentile(trips, 99)},
		{"CPU, both ends", "µs per trip", (near.CPU + far.CPU) / n * 1e6},
		{"allocations, both ends", "per trip", (near.Mallocs + far.Mallocs) / n},
	}, nil
}
