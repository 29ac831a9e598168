package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/terminal"
	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// seed makes the file the same in every run.
const seed = 1

// connectAndSend is the quickstart without -web.
func connectAndSend(ctx context.Context, o options, out io.Writer) (err error) {
	renderer := diagram.NewRenderer(out, o.style)
	log := diagram.NewLog(renderer.Draw)
	p, err := newPair(log, o.relay)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	defer log.Stop()

	var streams []*stream
	if o.clip > 0 {
		if streams, err = addMedia(p); err != nil {
			return err
		}
	}
	ping, err := p.a.CreateDataChannel("ping", nil)
	if err != nil {
		return err
	}
	opened := make(chan struct{})
	p.a.Watch(ping, func() { close(opened) })
	p.start(ctx)
	if _, err := await(ctx, p, "the data channel", opened); err != nil {
		return err
	}
	echo, err := await(ctx, p, "the data channel", p.channels)
	if err != nil {
		return err
	}
	go echoAll(ctx, echo) // ends with the connection
	roundTrip, err := measureRoundTrip(ctx, p, ping)
	if err != nil {
		return err
	}
	for _, one := range []*peer.Peer{p.a, p.b} {
		if _, err := await(ctx, p, "ICE to complete", one.Completed()); err != nil {
			return err
		}
	}
	if o.clip > 0 {
		if err := play(ctx, p, streams, o.clip); err != nil {
			return err
		}
	}
	log.Note(diagram.TURN, diagram.KindState, p.relayNote())
	log.Stop()
	renderer.Close()
	if err := renderer.Err(); err != nil {
		return err
	}

	sum, took, err := sendFile(ctx, p, o, out)
	if err != nil {
		return err
	}
	if err := report(out, p, o, sum, took, roundTrip); err != nil {
		return err
	}
	return reportMedia(out, streams)
}

// echoAll sends back what comes on a channel.
func echoAll(ctx context.Context, channel *webrtc.DataChannel) {
	for {
		m, err := channel.Receive(ctx)
		if err != nil || channel.Send(m.Data) != nil {
			return
		}
	}
}

// measureRoundTrip sends short messages one after the other and returns the
// median of the times until they are back.
func measureRoundTrip(ctx context.Context, p *pair, channel *webrtc.DataChannel) (time.Duration, error) {
	const rounds = 21
	var times []time.Duration
	done := make(chan error, 1)
	go func() {
		for range rounds {
			start := time.Now()
			err := channel.SendContext(ctx, []byte("ping"))
			if err == nil {
				_, err = channel.Receive(ctx)
			}
			if err != nil {
				done <- err
				return
			}
			times = append(times, time.Since(start))
		}
		done <- nil
	}()
	err, failed := await(ctx, p, "the echo", done)
	if err = errors.Join(err, failed); err != nil {
		return 0, err
	}
	slices.Sort(times)
	return times[rounds/2], nil
}

// sendFile sends the file from A to B and returns its SHA-256, which both have
// computed, and how long it took.
func sendFile(ctx context.Context, p *pair, o options, out io.Writer) (string, time.Duration, error) {
	header := transfer.Header{Name: "quickstart.bin", Size: o.size}
	fmt.Fprintf(out, "\nPeer A sends %q, %s, to peer B over a data channel:\n", header.Name, terminal.Size(header.Size))
	channel, err := p.a.CreateDataChannel(transfer.Label, nil)
	if err != nil {
		return "", 0, err
	}
	opened := make(chan struct{})
	p.a.Watch(channel, func() { close(opened) })
	if _, err := await(ctx, p, "the file's data channel", opened); err != nil {
		return "", 0, err
	}
	incoming, err := await(ctx, p, "the file's data channel", p.channels)
	if err != nil {
		return "", 0, err
	}

	progress := terminal.NewProgress(out, o.style, o.live, header.Size)
	received := make(chan outcome, 1)
	go func() {
		_, sum, err := transfer.Receive(ctx, incoming, &meter{progress: progress})
		received <- outcome{sum, err}
	}()
	sent := make(chan outcome, 1)
	start := time.Now()
	go func() {
		sum, err := transfer.Send(ctx, channel, header, transfer.Pattern(seed), nil)
		sent <- outcome{sum, err}
	}()
	atB, err := await(ctx, p, "the file to arrive", received)
	took := time.Since(start)
	progress.Done()
	if err = errors.Join(err, atB.err); err != nil {
		return "", 0, err
	}
	atA, err := await(ctx, p, "the receipt", sent)
	if err = errors.Join(err, atA.err); err != nil {
		return "", 0, err
	}
	return atB.sum, took, channel.Close()
}

type outcome struct {
	sum string
	err error
}

// meter is a sink that shows how much has come and forgets it.
type meter struct{ progress *terminal.Progress }

func (m *meter) Write(b []byte) (int, error) { return len(b), nil }
func (m *meter) Begin(transfer.Header) error { return nil }
func (m *meter) Progress(received int64)     { m.progress.Set(received) }

// report prints what there is to know afterwards.
func report(out io.Writer, p *pair, o options, sum string, took, roundTrip time.Duration) error {
	selected, err := p.a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return err
	}
	if selected == nil {
		return errors.New("the connection is lost: no pair is selected")
	}
	_, err = fmt.Fprintf(out, `
SHA-256        %s (both peers)
Selected pair  %s (%s, %s)
Throughput     %s (%s in %.2f s)
Round trip     %.3f ms (median of echoed messages)
`,
		sum, peer.PairText(selected), selected.Local.Typ, selected.Local.Protocol,
		terminal.Rate(o.size, took), terminal.Size(o.size), took.Seconds(),
		float64(roundTrip.Nanoseconds())/1e6)
	return err
}
