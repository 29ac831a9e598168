// Push sends at full speed over a data channel, twice: to a receiver that takes
// messages as fast as they come, and to one that is slow.
//
//	go run ./push
//
// The sender is the same both times. SendContext waits while more than
// BufferedAmountLowThreshold bytes are queued, so that it goes at the pace of
// the network and of the receiver, and memory does not grow.
//
// The fast receiver uses OnMessagePush: its handler runs on the goroutine that
// reads the channel and borrows the message, so nothing is copied or queued; it
// must not block. The slow one uses OnMessage, whose handler may block: the
// channel's queue fills, then the receive window, and the sender waits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc"
)

const (
	messageSize = 16 << 10
	threshold   = 256 << 10
	// work is how long the slow receiver is busy with each message.
	work = 2 * time.Millisecond
)

func main() {
	duration := flag.Duration("duration", 2*time.Second, "how long to send to each receiver")
	flag.Parse()
	if err := run(context.Background(), *duration, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "push:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, duration time.Duration, out io.Writer) error {
	var received atomic.Int64
	fast := func(d *webrtc.DataChannel) {
		d.OnMessagePush(func(m webrtc.DataChannelMessage) {
			received.Add(int64(len(m.Data))) // m.Data is ours until we return
		})
	}
	slow := func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			time.Sleep(work) // m.Data is ours to keep
			received.Add(int64(len(m.Data)))
		})
	}
	for _, r := range []struct {
		name    string
		receive func(*webrtc.DataChannel)
	}{{"fast, OnMessagePush", fast}, {"slow, OnMessage", slow}} {
		received.Store(0)
		sent, err := send(ctx, duration, r.receive)
		if err != nil {
			return err
		}
		seconds := duration.Seconds()
		fmt.Fprintf(out, "%-20s  sent %7.1f MiB/s  received %7.1f MiB/s\n", r.name,
			float64(sent)/seconds/(1<<20), float64(received.Load())/seconds/(1<<20))
	}
	return nil
}

// send connects two peers, lets one send to the other for a while, and returns
// how many bytes it has sent.
func send(ctx context.Context, duration time.Duration, receive func(*webrtc.DataChannel)) (sent int64, err error) {
	a, b, err := connect(receive)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Close(), b.Close()) }()
	channel, err := a.CreateDataChannel("push", nil)
	if err != nil {
		return 0, err
	}
	channel.SetBufferedAmountLowThreshold(threshold)
	opened := make(chan struct{})
	channel.OnOpen(func() { close(opened) })
	if err := negotiate(ctx, a, b); err != nil {
		return 0, err
	}
	select {
	case <-opened:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	end, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	message := make([]byte, messageSize)
	for {
		if err := channel.SendContext(end, message); end.Err() != nil {
			return sent, ctx.Err() // the time is over
		} else if err != nil {
			return sent, err
		}
		sent += messageSize
	}
}

// connect makes two peers on this machine.
func connect(receive func(*webrtc.DataChannel)) (a, b *webrtc.PeerConnection, err error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	if a, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, nil, err
	}
	if b, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	b.OnDataChannel(receive)
	return a, b, nil
}

// negotiate exchanges an offer and an answer that have all candidates in them.
func negotiate(ctx context.Context, a, b *webrtc.PeerConnection) error {
	offer, err := describe(ctx, a)
	if err != nil {
		return err
	}
	if err := b.SetRemoteDescription(offer); err != nil {
		return err
	}
	answer, err := describe(ctx, b)
	if err != nil {
		return err
	}
	return a.SetRemoteDescription(answer)
}

// describe sets the local description that comes next and waits for its
// candidates.
func describe(ctx context.Context, pc *webrtc.PeerConnection) (webrtc.SessionDescription, error) {
	complete := make(chan struct{})
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			close(complete)
		}
	})
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		return webrtc.SessionDescription{}, err
	}
	select {
	case <-complete:
		return *pc.LocalDescription(), nil
	case <-ctx.Done():
		return webrtc.SessionDescription{}, ctx.Err()
	}
}
