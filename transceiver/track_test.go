package transceiver

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// newTestTrack returns a track and a function that delivers a packet to it.
func newTestTrack(limit int) (*Track, func(sequence uint16, push bool)) {
	t := NewReceiver(codec.Video, ReceiverConfig{QueueLimit: limit}).Main()
	return t, func(sequence uint16, push bool) {
		b, _ := rtpheader.Append(nil, &rtpheader.Fields{PayloadType: 96, SequenceNumber: sequence, SSRC: 1})
		var p Packet
		p.set(append(b, "payload"...), PacketInfo{Arrival: time.Now(), ECN: 1})
		if t.deliver(&p, levels{}, 1<<orderShift|uint64(sequence), push) {
			t.settle() // the batch ends
		}
	}
}

// A reader is woken once for a batch, by its Flush, and for what comes outside of
// one at once.
func TestReadersAreWokenByFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newReceiveWorld(t)
		v := NewReceiver(codec.Video, ReceiverConfig{})
		w.s.SetReceivers([]Reception{{v, ReceiveParameters{Mid: "v", Codecs: []codec.Codec{vp8, rtx}, Extensions: allExtensions, Receiving: true}}})
		var read atomic.Int32
		go func() {
			buf := make([]byte, 1500)
			for {
				if _, _, err := v.Main().Read(buf); err != nil {
					return
				}
				read.Add(1)
			}
		}()
		defer v.Close()
		synctest.Wait() // the reader waits
		for batch := range 3 {
			for i := range 8 {
				w.rtp(video(1, uint16(batch*8+i)), "x")
				synctest.Wait()
			}
			if n := int(read.Load()); n != batch*8 {
				t.Fatalf("%d packets were read in the midst of batch %d", n, batch)
			}
			w.s.Flush(w.now)
			synctest.Wait()
			if n := int(read.Load()); n != batch*8+8 {
				t.Fatalf("%d packets were read after batch %d", n, batch)
			}
		}
	})
}

// read returns the sequence numbers of the next n packets.
func read(t *testing.T, tr *Track, n int) (out []uint16) {
	t.Helper()
	buf := make([]byte, 1500)
	for range n {
		var p Packet
		if err := tr.ReadPacket(buf, &p); err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Header.SequenceNumber)
	}
	return out
}

func TestTrackRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, deliver := newTestTrack(0)
		go func() {
			time.Sleep(time.Second)
			deliver(7, true)
		}()
		start := time.Now()
		buf := make([]byte, 100)
		n, m, err := tr.Read(buf)
		if err != nil || n != 19 || string(buf[12:n]) != "payload" || m.ECN != 1 || time.Since(start) != time.Second || !m.Arrival.Equal(time.Now()) {
			t.Errorf("%d bytes, %+v, %v", n, m, err)
		}
		deliver(8, true)
		if _, _, err := tr.Read(buf[:18]); !errors.Is(err, io.ErrShortBuffer) {
			t.Errorf("a short buffer: %v", err)
		}
		deliver(9, true)
		if got := read(t, tr, 1); got[0] != 9 || tr.Stats().Dropped != 1 {
			t.Errorf("a packet that does not fit stands in the way: %v, %+v", got, tr.Stats())
		}
		deliver(10, true)
		if b, _, err := tr.ReadWhole(buf[:18]); err != nil || len(b) != 19 || string(b[12:]) != "payload" {
			t.Errorf("a whole packet: %q, %v", b, err)
		}
	})
}

func TestTrackReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, deliver := newTestTrack(0)
		tr.SetReadDeadline(time.Now().Add(time.Second))
		start := time.Now()
		if _, _, err := tr.Read(nil); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		deliver(1, true)
		if _, _, err := tr.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a deadline that is over: %v", err)
		}
		tr.SetReadDeadline(time.Time{})
		if got := read(t, tr, 1); got[0] != 1 {
			t.Error("the packet is gone")
		}
		// A deadline bounds reads that are under way, of all readers.
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, _, err := tr.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a read that was under way: %v", err)
				}
			})
		}
		synctest.Wait()
		tr.SetReadDeadline(time.Now().Add(time.Minute))
		wg.Wait()
	})
}

func TestTrackClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, deliver := newTestTrack(0)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, _, err := tr.Read(make([]byte, 100)); !errors.Is(err, io.EOF) {
					t.Errorf("a read that was under way: %v", err)
				}
			})
		}
		synctest.Wait()
		tr.Close(nil)
		wg.Wait()
		tr.Close(io.ErrUnexpectedEOF)
		deliver(1, true)
		if _, _, err := tr.Read(make([]byte, 100)); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
		if tr.queue.count != 0 || tr.queue.ring != nil {
			t.Error("a closed track holds packets")
		}
	})
}

func TestTrackInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, deliver := newTestTrack(0)
		tr.SetOrdered(100 * time.Millisecond)
		for _, n := range []uint16{10, 12, 13, 11, 14, 17, 16} {
			deliver(n, true)
		}
		if got := read(t, tr, 5); !slices.Equal(got, []uint16{10, 11, 12, 13, 14}) {
			t.Errorf("read %v", got)
		}
		start := time.Now()
		if got := read(t, tr, 2); !slices.Equal(got, []uint16{16, 17}) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("read %v after %v", got, time.Since(start))
		}
		deliver(15, true)
		deliver(18, true)
		if got := read(t, tr, 1); got[0] != 18 {
			t.Errorf("read %v", got)
		}
		// One that comes while it is waited for ends the wait.
		deliver(20, true)
		go func() {
			time.Sleep(50 * time.Millisecond)
			deliver(19, true)
		}()
		start = time.Now()
		if got := read(t, tr, 2); !slices.Equal(got, []uint16{19, 20}) || time.Since(start) != 50*time.Millisecond {
			t.Errorf("read %v after %v", got, time.Since(start))
		}
		if s := tr.Stats(); s.Late != 1 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestTrackInOrderOverRuns shows that another SSRC, or a source that begins anew,
// is not waited for.
func TestTrackInOrderOverRuns(t *testing.T) {
	w := newReceiveWorld(t)
	r := NewReceiver(codec.Video, ReceiverConfig{})
	tr := r.Main()
	tr.SetOrdered(time.Hour)
	w.now = time.Now()
	w.s.SetReceivers([]Reception{{r, ReceiveParameters{Mid: "v", Codecs: []codec.Codec{vp8, rtx}, Receiving: true}}})
	w.rtp(video(1, 60000), "x")
	w.rtp(video(2, 100), "x")
	w.rtp(video(2, 102), "x")
	w.rtp(video(2, 101), "x")
	w.rtp(video(2, 20000), "x")
	w.rtp(video(2, 20001), "x")
	if got := read(t, tr, 6); !slices.Equal(got, []uint16{60000, 100, 101, 102, 20000, 20001}) {
		t.Errorf("read %v", got)
	}
}

func TestTrackDropsTheOldest(t *testing.T) {
	tr, deliver := newTestTrack(10)
	for n := range uint16(25) {
		deliver(n, true)
	}
	if s := tr.Stats(); s.Dropped != 15 || s.Queued != 10 {
		t.Errorf("%+v", s)
	}
	if got := read(t, tr, 1); got[0] != 15 {
		t.Errorf("the first that is left is %v", got)
	}
}

func TestTrackHandler(t *testing.T) {
	tr, deliver := newTestTrack(0)
	var got []uint16
	note := func(p *Packet) { got = append(got, p.Header.SequenceNumber) }
	deliver(1, true)
	deliver(2, true)
	tr.OnPacket(note)
	if !slices.Equal(got, []uint16{1, 2}) {
		t.Errorf("what waited: %v", got)
	}
	deliver(3, true)
	deliver(4, false) // on a goroutine that calls no handlers
	if len(got) != 3 {
		t.Errorf("got %v", got)
	}
	deliver(5, true)
	if !slices.Equal(got, []uint16{1, 2, 3, 4, 5}) {
		t.Errorf("got %v", got)
	}
	tr.OnPacket(nil)
	deliver(6, true)
	if r := read(t, tr, 1); r[0] != 6 || len(got) != 5 {
		t.Errorf("after the handler was taken away: %v", got)
	}
	// A handler may do all that others may.
	tr.OnPacket(func(p *Packet) {
		note(p)
		deliver(100, true)
		tr.OnPacket(func(p *Packet) {
			note(p)
			tr.Close(nil)
		})
		tr.SetOrdered(0)
		tr.Stats()
	})
	deliver(7, true)
	deliver(8, true)
	if !slices.Equal(got[5:], []uint16{7, 100}) {
		t.Errorf("a handler that replaces itself and closes the track got %v", got[5:])
	}
}

// TestTrackHandlerRunsAlone delivers from several goroutines at once.
func TestTrackHandlerRunsAlone(t *testing.T) {
	tr, deliver := newTestTrack(4000)
	running, count := false, 0 // a race would be found if two ran at a time
	tr.OnPacket(func(*Packet) {
		if running {
			t.Error("two calls at a time")
		}
		running = true
		count++
		running = false
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range uint16(1000) {
				deliver(n, true)
			}
		})
	}
	wg.Wait()
	if count != 4000 {
		t.Errorf("%d of 4000 packets", count)
	}
}

func TestSources(t *testing.T) {
	w := newReceiveWorld(t)
	a := newEar(codec.Audio)
	mixed := HeaderExtension{ID: 9, URI: "urn:ietf:params:rtp-hdrext:csrc-audio-level"}
	w.s.SetReceivers([]Reception{audioReception(a, func(p *ReceiveParameters) { p.Extensions = append(slices.Clone(p.Extensions), mixed) })})
	f := audio(1, 1, text(idLevel, "\x8a"), text(9, "\x05"))
	f.CSRCs = []uint32{70, 71}
	w.rtp(f, "x")
	heard := w.now
	got := a.Sources(w.now)
	want := []SourceInfo{
		{Source: 1, Time: heard, RTPTimestamp: 960, HasLevel: true, Level: 10, HasVoice: true, Voice: true},
		{Source: 70, Contributing: true, Time: heard, RTPTimestamp: 960, HasLevel: true, Level: 5},
		{Source: 71, Contributing: true, Time: heard, RTPTimestamp: 960},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	w.now = w.now.Add(8 * time.Second)
	w.rtp(audio(1, 2), "x")
	if got = a.Sources(w.now); len(got) != 3 || got[0].Source != 1 || got[0].HasLevel {
		t.Errorf("the newest is the first: %+v", got)
	}
	if got = a.Sources(w.now.Add(5 * time.Second)); len(got) != 1 || got[0].Source != 1 {
		t.Errorf("after 10 seconds: %+v", got)
	}
	for i := range uint32(200) {
		f := audio(1, uint16(3+i))
		f.CSRCs = []uint32{1000 + i}
		w.rtp(f, "x")
	}
	if n := len(a.Main().sources.list); n > maxSources {
		t.Errorf("%d sources are remembered", n)
	}
}
