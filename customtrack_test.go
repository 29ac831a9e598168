package webrtc

import (
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A customTrack is a track of a program's own, whose Bind and Unbind do what a
// test wants.
type customTrack struct {
	id       string
	onBind   func(TrackLocalContext) error
	onUnbind func(TrackLocalContext)

	mu      sync.Mutex // guards what follows
	bound   []TrackLocalContext
	unbound int
}

func (t *customTrack) Bind(c TrackLocalContext) (RTPCodecParameters, error) {
	if t.onBind != nil {
		if err := t.onBind(c); err != nil {
			return RTPCodecParameters{}, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bound = append(t.bound, c)
	return c.CodecParameters()[0], nil
}

func (t *customTrack) Unbind(c TrackLocalContext) error {
	if t.onUnbind != nil {
		t.onUnbind(c)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unbound++
	return nil
}

func (t *customTrack) ID() string         { return t.id }
func (t *customTrack) RID() string        { return "" }
func (t *customTrack) StreamID() string   { return "custom" }
func (t *customTrack) Kind() RTPCodecType { return RTPCodecTypeVideo }

// counts returns how often the track was bound and unbound.
func (t *customTrack) counts() (bound, unbound int) {
	synctest.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.bound), t.unbound
}

// blocks has Bind say that it is entered, and wait until it is let go.
func (t *customTrack) blocks() (entered <-chan struct{}, free chan<- struct{}) {
	in, out := make(chan struct{}, 1), make(chan struct{})
	t.onBind = func(TrackLocalContext) error {
		in <- struct{}{}
		<-out
		return nil
	}
	return in, out
}

// write sends packets through the newest binding.
func (t *customTrack) write(w *world, n int) {
	w.Helper()
	t.mu.Lock()
	c := t.bound[len(t.bound)-1]
	t.mu.Unlock()
	for i := range uint16(n) {
		h := rtp.Header{Version: 2, SSRC: uint32(c.SSRC()), PayloadType: uint8(c.CodecParameters()[0].PayloadType), SequenceNumber: i, Timestamp: uint32(i) * 3000}
		if _, err := c.WriteStream().WriteRTP(&h, []byte{0x10, 0, 0, 0, 0, 0, 0, byte(i)}); err != nil {
			w.Errorf("WriteRTP: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
}

// inCustomCall has a send a custom track, beside a camera, to b.
func inCustomCall(t *testing.T, track *customTrack, scenario func(w *world, a, b *peer, camera *source, atB *audience)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		camera, _ := a.source(MimeTypeVP8, "camera")
		_, err := a.AddTrack(track)
		a.must(err, "AddTrack")
		scenario(w, a, b, camera, b.audience(0))
	})
}

// connects exchanges descriptions and waits.
func (w *world) connects(a, b *peer) {
	w.Helper()
	a.negotiates(b, 10*time.Millisecond)
	w.within(10*time.Second, "both are connected", connected(a, b))
}

// A track of a program's own is bound once, written, and unbound once.
func TestVirtualCustomTrack(t *testing.T) {
	track := &customTrack{id: "own"}
	inCustomCall(t, track, func(w *world, a, b *peer, camera *source, atB *audience) {
		w.connects(a, b)
		track.write(w, 10)
		if !atB.last().has(0, 9) || atB.last().track.ID() != "own" {
			w.Errorf("%s has got %v", atB.last().track.ID(), atB.last().got())
		}
		a.negotiates(b, 10*time.Millisecond) // nothing changes
		time.Sleep(100 * time.Millisecond)
		a.must(a.Close(), "Close")
		if bound, unbound := track.counts(); bound != 1 || unbound != 1 {
			w.Errorf("bound %d times, unbound %d times", bound, unbound)
		}
		h := rtp.Header{Version: 2}
		if n, err := track.bound[0].WriteStream().WriteRTP(&h, []byte{1}); n != 0 || err != nil && !errors.Is(err, net.ErrClosed) {
			w.Errorf("writing after Close: %d, %v", n, err)
		}
	})
}

// One track that cannot be bound leaves the rest of the call alone, and its sender
// takes another.
func TestVirtualBindFails(t *testing.T) {
	refused := errors.New("no encoder")
	track := &customTrack{id: "own", onBind: func(TrackLocalContext) error { return refused }}
	inCustomCall(t, track, func(w *world, a, b *peer, camera *source, atB *audience) {
		w.connects(a, b)
		camera.write(10, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		if !atB.last().has(0, 9) {
			w.Errorf("the camera has brought %v", atB.last().got())
		}
		sender := a.GetSenders()[1]
		if err := sender.ReplaceTrack(&customTrack{id: "other", onBind: track.onBind}); !errors.Is(err, refused) {
			w.Errorf("ReplaceTrack returned %v, want what Bind did", err)
		}
		screen := a.unsent(asVP8, "screen")
		a.must(sender.ReplaceTrack(screen.track), "ReplaceTrack")
		together(10, 10*time.Millisecond, screen, camera)
		if !atB.last().has(0, 9) {
			w.Errorf("the screen has brought %v", atB.last().got())
		}
		if bound, unbound := track.counts(); bound != 0 || unbound != 0 {
			w.Errorf("bound %d times, unbound %d times", bound, unbound)
		}
	})
}

// A Bind that takes its time holds up the call that it is part of, and nothing
// else; Close does not wait for it.
func TestVirtualBindBlocks(t *testing.T) {
	track := &customTrack{id: "own"}
	inCustomCall(t, track, func(w *world, a, b *peer, camera *source, atB *audience) {
		entered, free := track.blocks()
		a.negotiates(b, 10*time.Millisecond)
		<-entered
		w.within(10*time.Second, "both connect meanwhile", connected(a, b))
		camera.write(10, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		if !atB.last().has(0, 9) {
			w.Errorf("the camera has brought %v meanwhile", atB.last().got())
		}
		a.channel("also", nil)
		if _, err := a.CreateOffer(nil); err != nil {
			w.Errorf("CreateOffer meanwhile: %v", err)
		}
		sender := a.GetSenders()[1]
		a.must(sender.SetStreams("x"), "SetStreams")
		a.must(a.GetTransceivers()[1].SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		begin := time.Now()
		a.must(a.Close(), "Close")
		if d := time.Since(begin); d > maxCloseTime {
			w.Errorf("Close took %v", d)
		}
		close(free)
		if bound, unbound := track.counts(); bound != 1 || unbound != 1 {
			w.Errorf("bound %d times, unbound %d times", bound, unbound)
		}
		track.write(w, 1) // goes nowhere
	})
}

// A Bind that is overtaken by RemoveTrack is undone.
func TestVirtualBindIsOvertaken(t *testing.T) {
	track := &customTrack{id: "own"}
	inCustomCall(t, track, func(w *world, a, b *peer, camera *source, atB *audience) {
		entered, free := track.blocks()
		a.negotiates(b, 10*time.Millisecond)
		<-entered
		a.must(a.RemoveTrack(a.GetSenders()[1]), "RemoveTrack")
		close(free)
		if bound, unbound := track.counts(); bound != 1 || unbound != 1 {
			w.Errorf("bound %d times, unbound %d times", bound, unbound)
		}
		w.within(10*time.Second, "both are connected", connected(a, b))
		track.write(w, 5)
		for _, s := range atB.sinks() {
			if s.track.ID() == "own" {
				w.Errorf("the removed track has brought %v", s.got())
			}
		}
	})
}

// Bind and Unbind may call the connection that they belong to.
func TestVirtualBindCallsBack(t *testing.T) {
	for name, call := range map[string]func(a *peer, c TrackLocalContext) error{
		"AddTrack": func(a *peer, _ TrackLocalContext) error {
			_, err := a.AddTrack(a.unsent(asVP8, "another").track)
			return err
		},
		"AddTransceiver": func(a *peer, _ TrackLocalContext) error {
			_, err := a.AddTransceiverFromKind(RTPCodecTypeAudio)
			return err
		},
		"RemoveTrack": func(a *peer, _ TrackLocalContext) error { return a.RemoveTrack(a.GetSenders()[1]) },
		"SetParameters": func(a *peer, _ TrackLocalContext) error {
			s := a.GetSenders()[1]
			return s.SetParameters(s.GetParameters())
		},
		"SetDirection": func(a *peer, _ TrackLocalContext) error {
			return a.GetTransceivers()[1].SetDirection(RTPTransceiverDirectionSendonly)
		},
		"Stop":              func(a *peer, _ TrackLocalContext) error { return a.GetTransceivers()[1].Stop() },
		"CreateOffer":       func(a *peer, _ TrackLocalContext) error { _, err := a.CreateOffer(nil); return err },
		"CreateDataChannel": func(a *peer, _ TrackLocalContext) error { _, err := a.CreateDataChannel("x", nil); return err },
		"WriteRTCP": func(a *peer, _ TrackLocalContext) error {
			return a.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{}})
		},
		"WriteRTP": func(_ *peer, c TrackLocalContext) error {
			_, err := c.WriteStream().WriteRTP(&rtp.Header{Version: 2}, []byte{1})
			return err
		},
		"ReplaceTrack of another": func(a *peer, _ TrackLocalContext) error { return a.GetSenders()[0].ReplaceTrack(nil) },
		"Close":                   func(a *peer, _ TrackLocalContext) error { return a.Close() },
	} {
		for _, in := range []string{"Bind", "Unbind"} {
			t.Run(name+" in "+in, func(t *testing.T) {
				track := &customTrack{id: "own"}
				inCustomCall(t, track, func(w *world, a, b *peer, camera *source, atB *audience) {
					var once sync.Once
					run := func(c TrackLocalContext) {
						once.Do(func() { a.check(call(a, c), name) })
					}
					if in == "Bind" {
						track.onBind = func(c TrackLocalContext) error { run(c); return nil }
					} else {
						track.onUnbind = run
					}
					a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
					b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
					b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
					_ = a.SetRemoteDescription(*b.LocalDescription())
					if in == "Unbind" {
						a.must(a.RemoveTrack(a.GetSenders()[1]), "RemoveTrack")
					}
					a.must(a.Close(), "Close")
					if bound, unbound := track.counts(); bound != 1 || unbound != 1 {
						w.Errorf("bound %d times, unbound %d times", bound, unbound)
					}
				})
			})
		}
	}
}
