package webrtc

import (
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// withoutBundle takes the group out of a description, as from a peer that does not
// know of any.
func withoutBundle(d SessionDescription) SessionDescription {
	var lines []string
	for line := range strings.Lines(d.SDP) {
		if !strings.HasPrefix(line, "a=group:BUNDLE") {
			lines = append(lines, line)
		}
	}
	d.SDP = strings.Join(lines, "")
	return d
}

// exchanges has p offer and to answer at once, with descriptions changed on their
// way.
func (p *peer) exchanges(to *peer, change func(SessionDescription) SessionDescription) {
	p.w.Helper()
	p.must(p.SetLocalDescription(SessionDescription{}), "SetLocalDescription(offer)")
	to.must(to.SetRemoteDescription(change(*p.LocalDescription())), "SetRemoteDescription(offer)")
	to.must(to.SetLocalDescription(SessionDescription{}), "SetLocalDescription(answer)")
	p.must(p.SetRemoteDescription(change(*to.LocalDescription())), "SetRemoteDescription(answer)")
}

// RFC 9143 §7.3: sections that had transports of their own may be bundled by a
// later exchange. Media moves, and who reads it notices nothing.
func TestVirtualMediaMovesIntoABundle(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		sound, _ := a.source(MimeTypeOpus, "microphone")
		picture, _ := a.source(MimeTypeVP8, "camera")
		sinks := b.sinks(100 * time.Millisecond)
		a.exchanges(b, withoutBundle)
		w.within(10*time.Second, "both are connected", connected(a, b))
		if n := len(a.GetSenders()); n != 2 || a.GetSenders()[0].Transport() == a.GetSenders()[1].Transport() {
			t.Fatal("the sections share a transport though nothing is bundled")
		}
		write := func() {
			for range 50 {
				sound.packet()
				picture.packet()
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Second)
		}
		write()
		a.exchanges(b, func(d SessionDescription) SessionDescription { return d })
		if a.GetSenders()[0].Transport() != a.GetSenders()[1].Transport() {
			t.Fatal("the sections do not share a transport though they are bundled")
		}
		write()
		all := sinks()
		if len(all) != 2 {
			t.Errorf("OnTrack was called %d times, want once for each track", len(all))
		}
		for _, s := range all {
			if s.ended() || !s.has(0, 99) || s.track.Muted() {
				t.Errorf("%s: ended %v, muted %v, %d packets of 100", s.track.ID(), s.ended(), s.track.Muted(), len(s.got()))
			}
		}
	})
}

// Reads would end if a receiver were taken from its transport before it is given
// to the next one.
func TestReceiversMoveBeforeTheyLeave(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	tr, err := pc.AddTransceiverFromKind(RTPCodecTypeVideo)
	if err != nil {
		t.Fatal(err)
	}
	var order []signaling.TransportID
	_ = pc.do(func(time.Time) {
		var events mediaEvents
		tr.inForce(&signaling.Media{Mid: "0", Transport: 2, Direction: sdp.DirectionSendrecv}, &events)
		events = mediaEvents{}
		tr.inForce(&signaling.Media{Mid: "0", Transport: 1, Direction: sdp.DirectionSendrecv}, &events)
		for _, t := range events.receivers {
			order = append(order, t.id)
		}
	})
	if len(order) != 2 || order[0] != 1 || order[1] != 2 {
		t.Errorf("transports are told in the order %v, want the new one first", order)
	}
}
