package webrtc

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// A boundTrack notes what it is bound to.
type boundTrack struct {
	*TrackLocalStaticRTP

	mu       sync.Mutex // guards what follows
	contexts []TrackLocalContext
	ids      []int // of the playout delay, at each Bind
}

func (t *boundTrack) Bind(c TrackLocalContext) (RTPCodecParameters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.contexts = append(t.contexts, c)
	for _, e := range c.HeaderExtensions() {
		if e.URI == extension.PlayoutDelay {
			t.ids = append(t.ids, e.ID)
		}
	}
	return t.TrackLocalStaticRTP.Bind(c)
}

// boundCall connects a, which sends a boundTrack, and b.
func boundCall(t *testing.T, scenario func(w *world, a, b *peer, track *boundTrack)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		track := &boundTrack{TrackLocalStaticRTP: a.unsent(asVP8, "camera").track}
		_, err := a.AddTrack(track)
		a.must(err, "AddTrack")
		a.exchanges(b, asItIs)
		w.within(10*time.Second, "both are connected", connected(a, b))
		scenario(w, a, b, track)
	})
}

func asItIs(d SessionDescription) SessionDescription { return d }

// A track that has learnt the identifiers of header extensions at Bind is bound
// anew when an exchange changes them.
func TestTracksAreBoundAnewForOtherExtensions(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, track *boundTrack) {
		b.exchanges(a, asItIs)
		if len(track.ids) != 1 {
			t.Fatalf("bound with the identifiers %v, want once", track.ids)
		}
		b.exchanges(a, func(d SessionDescription) SessionDescription {
			lines := strings.SplitAfter(d.SDP, "\n")
			for i, line := range lines {
				if strings.HasPrefix(line, "a=extmap:") && strings.Contains(line, extension.PlayoutDelay) {
					lines[i] = "a=extmap:14 " + extension.PlayoutDelay + "\r\n"
				}
			}
			d.SDP = strings.Join(lines, "")
			return d
		})
		if len(track.ids) != 2 || track.ids[1] != 14 {
			t.Errorf("bound with the identifiers %v, want 14 at last", track.ids)
		}
	})
}

// A program may keep the context that its track was bound to, and ask it while
// descriptions change.
func TestTrackContextsMayBeAskedAnyTime(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, track *boundTrack) {
		context := track.contexts[0]
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if len(context.CodecParameters()) == 0 || len(context.HeaderExtensions()) == 0 || context.SSRCRetransmission() == 0 {
						t.Error("the context has lost what was agreed on")
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
		for range 10 {
			for _, direction := range []RTPTransceiverDirection{RTPTransceiverDirectionInactive, RTPTransceiverDirectionSendrecv} {
				a.must(a.GetTransceivers()[0].SetDirection(direction), "SetDirection")
				a.exchanges(b, asItIs)
				time.Sleep(time.Millisecond)
			}
		}
		close(stop)
		wg.Wait()
	})
}

// What a peer estimates and asks for while a handler runs is handled once, with
// the newest value, however often it says so.
func TestRequestsDoNotPileUp(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, track *boundTrack) {
		var mu sync.Mutex
		var rates []uint64
		keyFrames := 0
		busy, done := make(chan struct{}), make(chan struct{})
		sender := a.GetSenders()[0]
		ssrc := uint32(sender.GetParameters().Encodings[0].SSRC)
		sender.OnKeyFrameRequest(func(string) {
			mu.Lock()
			keyFrames++
			first := keyFrames == 1
			mu.Unlock()
			if first {
				close(busy)
				<-done
			}
		})
		sender.OnBitrateRequest(func(bitsPerSecond uint64) {
			mu.Lock()
			defer mu.Unlock()
			rates = append(rates, bitsPerSecond)
		})
		for i := range 100 {
			b.must(b.WriteRTCP([]rtcp.Packet{
				&rtcp.PictureLossIndication{MediaSSRC: ssrc},
				&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: float32(1000 * (i + 1)), SSRCs: []uint32{ssrc}},
			}), "WriteRTCP")
			time.Sleep(200 * time.Millisecond)
			if i == 0 {
				<-busy
			}
		}
		close(done)
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if keyFrames != 2 {
			t.Errorf("key frames were asked for %d times, want once before and once after", keyFrames)
		}
		if !slices.Equal(rates, []uint64{1000, 100000}) && !slices.Equal(rates, []uint64{100000}) {
			t.Errorf("the handler was told of %v bit/s", rates)
		}
	})
}

// A track that is refused gives its place back to the one before it, unless that
// was removed meanwhile.
func TestReplaceTrackDoesNotBringBackWhatWasRemoved(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, track *boundTrack) {
		sender, refused := a.GetSenders()[0], a.unsent(asVP8, "refused").track
		back := func() {
			_ = a.do(func(time.Time) {
				sender.giveBack(refused, map[*senderEncoding]TrackLocal{sender.encodings[0]: track}, "camera")
			})
		}
		a.must(sender.ReplaceTrack(refused), "ReplaceTrack")
		back()
		if is := sender.Track(); is != track {
			t.Errorf("the sender sends %v, want the track before", is)
		}
		a.must(sender.ReplaceTrack(refused), "ReplaceTrack")
		a.must(a.RemoveTrack(sender), "RemoveTrack")
		back()
		if is := sender.Track(); is != nil {
			t.Errorf("the sender sends %q, which was removed", is.ID())
		}
	})
}

// webrtc-pc §5.2: whether an encoding is active takes no exchange of descriptions,
// and one that happens meanwhile does not hold it.
func TestEncodingsWakeUpAfterAnExchange(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(5)
		set := func(active bool) {
			sender := c.a.GetSenders()[0]
			p := sender.GetParameters()
			p.Encodings[0].Active = active
			c.a.must(sender.SetParameters(p), "SetParameters")
		}
		set(false)
		c.talk(5)
		c.a.exchanges(c.b, asItIs)
		c.talk(5)
		set(true)
		c.talk(5)
		if got := c.atB.last().got(); len(got) != 10 || got[4] != 4 || got[5] != 15 {
			t.Errorf("b has got %v, want 0 to 4 and 15 to 19", got)
		}
	})
}

// RFC 5576 §4.1: a description announces the SSRC of a stream. A program that
// writes another one into ours has the stream sent with it.
func TestDescribedSSRCsAreSent(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		from, sender := a.source(MimeTypeVP8, "camera")
		in, sinks := w.watches(a), b.sinks(0)
		own := sender.GetParameters().Encodings[0]
		offer, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
		for ssrc, other := range map[SSRC]SSRC{own.SSRC: 7654321, own.RTX.SSRC: 7654322} {
			offer.SDP = strings.ReplaceAll(offer.SDP, strconv.Itoa(int(ssrc)), strconv.Itoa(int(other)))
		}
		a.must(a.SetLocalDescription(offer), "SetLocalDescription")
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
		w.within(10*time.Second, "both are connected", connected(a, b))
		from.write(5, 10*time.Millisecond)
		time.Sleep(time.Second)
		if n := len(in(7654321)); n != 5 || len(in(own.SSRC)) != 0 {
			t.Errorf("%d packets were sent with the SSRC of the description, want 5", n)
		}
		if all := sinks(); len(all) != 1 || !all[0].has(0, 4) || all[0].track.SSRC() != 7654321 {
			t.Error("they did not come")
		}
	})
}

// What forwards a stream writes packets as they come: twice, and late, also before
// the first that a peer has got. That is no error, and no packet leaves twice.
func TestPacketsMayBeWrittenTwiceAndLate(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, track *boundTrack) {
		in := w.watches(a)
		for _, sequence := range []uint16{1000, 1002, 1000, 999, 1001, 1002, 65000} {
			err := track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: sequence}, Payload: []byte{1}})
			if err != nil {
				t.Errorf("packet %d: %v", sequence, err)
			}
		}
		var sent []uint16
		for _, f := range in(track.contexts[0].SSRC()) {
			sent = append(sent, f.header.SequenceNumber)
		}
		if !slices.Equal(sent, []uint16{1000, 1002, 1001}) {
			t.Errorf("packets %v were sent", sent)
		}
	})
}

// A busyTrack does not say what it is called before it is free.
type busyTrack struct {
	*TrackLocalStaticRTP
	free chan struct{}
}

func (t *busyTrack) ID() string {
	<-t.free
	return t.TrackLocalStaticRTP.ID()
}

func (t *busyTrack) RID() string {
	<-t.free
	return t.TrackLocalStaticRTP.RID()
}

// The methods of a program's track do not run on the loop: one that waits keeps
// nobody else waiting.
func TestTracksAreAskedByWhoBringsThem(t *testing.T) {
	boundCall(t, func(w *world, a, b *peer, _ *boundTrack) {
		free := make(chan struct{})
		one, two := &busyTrack{a.unsent(asVP8, "one").track, free}, &busyTrack{a.unsent(asVP8, "two").track, free}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := a.AddTrack(one)
			a.check(err, "AddTrack")
		})
		wg.Go(func() { a.check(a.GetSenders()[0].ReplaceTrack(two), "ReplaceTrack") })
		synctest.Wait()
		a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionRecvonly), "SetDirection while the track is busy")
		close(free)
		wg.Wait()
	})
}

// A valueTrack cannot be compared with others.
type valueTrack struct {
	*TrackLocalStaticRTP
	_ []int
}

func TestTracksHaveToBeComparable(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	static, err := NewTrackLocalStaticRTP(asVP8, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := pc.AddTrack(static)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *rtcerr.TypeError
	if _, err := pc.AddTrack(valueTrack{TrackLocalStaticRTP: static}); !errors.As(err, &wrong) {
		t.Errorf("AddTrack returned %v", err)
	}
	if err := sender.ReplaceTrack(valueTrack{TrackLocalStaticRTP: static}); !errors.As(err, &wrong) {
		t.Errorf("ReplaceTrack returned %v", err)
	}
}
