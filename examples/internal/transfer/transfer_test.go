package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
)

// channels connects two peers and returns the two ends of a channel.
func channels(t *testing.T) (*webrtc.DataChannel, *webrtc.DataChannel) {
	t.Helper()
	endA, endB := webrtc.NewSignalPair()
	var peers []*peer.Peer
	for _, config := range []peer.Config{
		{Party: diagram.PeerA, Signal: endA, LoopbackOnly: true},
		{Party: diagram.PeerB, Signal: endB, LoopbackOnly: true, Polite: true},
	} {
		p, err := peer.New(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		go p.Run(t.Context()) // ends with the test
		peers = append(peers, p)
	}
	remote := make(chan *webrtc.DataChannel, 1)
	peers[1].OnDataChannel(func(d *webrtc.DataChannel) { remote <- d })
	local, err := peers[0].CreateDataChannel(Label, nil)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	local.OnOpen(func() { close(opened) })
	select {
	case <-opened:
	case <-time.After(20 * time.Second):
		t.Fatal("the peers do not connect")
	}
	return local, <-remote
}

// memory is a sink that keeps the file.
type memory struct {
	bytes.Buffer
	limit    int64
	header   Header
	progress []int64
}

func (m *memory) Begin(h Header) error {
	m.header = h
	if h.Size > m.limit {
		return errors.New("too large for me")
	}
	return nil
}

func (m *memory) Progress(n int64) { m.progress = append(m.progress, n) }

type result struct {
	sum string
	err error
}

// receive takes a file in the background.
func receive(ctx context.Context, channel *webrtc.DataChannel, sink Sink) <-chan result {
	done := make(chan result, 1)
	go func() {
		_, sum, err := Receive(ctx, channel, sink)
		done <- result{sum, err}
	}()
	return done
}

func TestTransfer(t *testing.T) {
	for _, size := range []int64{0, 1, chunkSize, 5*chunkSize + 3} {
		a, b := channels(t)
		sink := &memory{limit: 1 << 20}
		received := receive(t.Context(), b, sink)
		var told []int64
		sum, err := Send(t.Context(), a, Header{Name: "f", Size: size}, Pattern(9), func(n int64) { told = append(told, n) })
		got := <-received
		if err != nil || got.err != nil {
			t.Fatalf("%d bytes: %v, %v", size, err, got.err)
		}
		want := make([]byte, size)
		if _, err := io.ReadFull(Pattern(9), want); err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(want)
		if !bytes.Equal(sink.Bytes(), want) || sum != hex.EncodeToString(digest[:]) || got.sum != sum {
			t.Errorf("%d bytes: %d arrived, SHA-256 %s and %s", size, sink.Len(), sum, got.sum)
		}
		if sink.header != (Header{Name: "f", Size: size}) {
			t.Errorf("the header is %+v", sink.header)
		}
		for _, p := range [][]int64{told, sink.progress} {
			if size > 0 && (len(p) == 0 || p[len(p)-1] != size) {
				t.Errorf("the progress of %d bytes was %v", size, p)
			}
		}
	}
}

// What the sink refuses the sender hears of.
func TestRefused(t *testing.T) {
	a, b := channels(t)
	received := receive(t.Context(), b, &memory{limit: 10})
	_, err := Send(t.Context(), a, Header{Name: "f", Size: 11}, Pattern(9), nil)
	if err == nil || !strings.Contains(err.Error(), `"f" was refused: too large for me`) {
		t.Errorf("Send: %v", err)
	}
	if got := <-received; got.err == nil {
		t.Error("Receive has taken it")
	}
}

// A sender that breaks the protocol is found out.
func TestBadSenders(t *testing.T) {
	text := func(s string) func(*webrtc.DataChannel) error {
		return func(d *webrtc.DataChannel) error { return d.SendText(s) }
	}
	data := func(n int) func(*webrtc.DataChannel) error {
		return func(d *webrtc.DataChannel) error { return d.Send(make([]byte, n)) }
	}
	header := text(`{"name":"f","size":4}`)
	tests := map[string]struct {
		steps []func(*webrtc.DataChannel) error
		want  string
	}{
		"no header":           {[]func(*webrtc.DataChannel) error{data(3)}, "where text was expected"},
		"a header of nothing": {[]func(*webrtc.DataChannel) error{text("hello")}, "not what was expected"},
		"a negative size":     {[]func(*webrtc.DataChannel) error{text(`{"size":-1}`)}, "a file of -1 bytes"},
		"too much":            {[]func(*webrtc.DataChannel) error{header, data(5)}, "no part of the file"},
		"text in the file":    {[]func(*webrtc.DataChannel) error{header, text("abcd")}, "no part of the file"},
		"another hash":        {[]func(*webrtc.DataChannel) error{header, data(4), text(`{"sha256":"00"}`)}, "the sender's is 00"},
		"an end too early": {[]func(*webrtc.DataChannel) error{header, data(2),
			func(d *webrtc.DataChannel) error { return d.Close() }}, "after 2 of 4 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := channels(t)
			received := receive(t.Context(), b, &memory{limit: 10})
			for _, step := range tt.steps {
				if err := step(a); err != nil {
					t.Fatal(err)
				}
			}
			if got := <-received; got.err == nil || !strings.Contains(got.err.Error(), tt.want) {
				t.Errorf("Receive: %v, want %q", got.err, tt.want)
			}
		})
	}
}

// A receiver that has something else is found out, too.
func TestDamaged(t *testing.T) {
	a, b := channels(t)
	go func() { // ends with the receipt
		for {
			m, err := b.Receive(t.Context())
			if err != nil || m.IsString && strings.Contains(string(m.Data), "sha256") {
				_ = b.SendText(`{"received":5,"sha256":"00"}`)
				return
			}
		}
	}()
	_, err := Send(t.Context(), a, Header{Name: "f", Size: 5}, Pattern(9), nil)
	if err == nil || !strings.Contains(err.Error(), "damaged on its way") {
		t.Errorf("Send: %v", err)
	}
}

func TestShortContent(t *testing.T) {
	a, _ := channels(t)
	_, err := Send(t.Context(), a, Header{Name: "f", Size: 5}, strings.NewReader("abc"), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Send: %v", err)
	}
}

func TestPattern(t *testing.T) {
	read := func(seed uint64) string {
		b := make([]byte, 8)
		if _, err := io.ReadFull(Pattern(seed), b); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(b)
	}
	first, again := read(1), read(1)
	if first != again || first == read(2) || first == read(1<<40) {
		t.Error("a seed has to stand for one content, another seed for another")
	}
}
