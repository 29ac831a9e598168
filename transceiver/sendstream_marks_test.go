package transceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver/extension"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// ids returns the identifiers of a packet's elements.
func (g *sentRTP) ids() (all []uint8) {
	for id := range g.Extensions(g.raw) {
		all = append(all, id)
	}
	return all
}

func (w *sendWorld) wantIDs(g sentRTP, why string, want ...uint8) {
	w.t.Helper()
	if got := g.ids(); string(got) != string(want) {
		w.t.Errorf("%s: extensions %v, want %v", why, got, want)
	}
}

// reportOn feeds a receiver report with the highest sequence number.
func (w *sendWorld) reportOn(ssrc, highest uint32) {
	w.feed((&feedback.ReceiverReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{{SSRC: ssrc, HighestSequence: highest}}}).Append(nil))
}

func TestMidAndRidUntilThePeerHasThem(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	c.Mid, c.RID, c.Extensions = "video", "hi", allExtensions
	st := w.s.NewSendStream(c, SendEvents{})
	full, short := []uint8{idMID, idRID, idTransport, idTime}, []uint8{idTransport, idTime}

	g := w.write(st, rtpHeaderOf(96, 65530, 0), "x")
	w.wantIDs(g, "the first packet", full...)
	if mid, rid := g.Extension(g.raw, idMID), g.Extension(g.raw, idRID); string(mid) != "video" || string(rid) != "hi" {
		t.Errorf("mid %q, rid %q", mid, rid)
	}
	w.reportOn(videoSSRC, 65530)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 65531, 0), "x"), "acknowledged at once, when the peer may still not know the stream", full...)
	w.after(2 * time.Second)
	w.reportOn(videoSSRC, 65529)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 65532, 0), "x"), "a report on a packet from before", full...)
	w.reportOn(videoRTX, 65532)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 65533, 0), "x"), "a report on retransmissions", full...)
	w.reportOn(videoSSRC, 1<<16+2)
	g = w.write(st, rtpHeaderOf(96, 3, 0), "x")
	w.wantIDs(g, "acknowledged", short...)
	size := g.Size()
	if g = w.write(st, rtpHeaderOf(96, 4, 0), "x"); g.Size() != size {
		t.Errorf("the header's length went from %d to %d", size, g.Size())
	}

	// Who lost its place gets them again, until the next report.
	w.feed(feedback.PictureLoss{Sender: peerSSRC, Media: videoSSRC}.Append(nil))
	w.wantIDs(w.write(st, rtpHeaderOf(96, 5, 0), "x"), "after a request for a key frame", full...)
	w.after(3 * time.Second)
	w.reportOn(videoSSRC, 1<<16+4)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 6, 0), "x"), "a report from before the request", full...)
	w.reportOn(videoSSRC, 1<<16+5)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 7, 0), "x"), "acknowledged again", short...)

	st.Configure(c)
	w.wantIDs(w.write(st, rtpHeaderOf(96, 8, 0), "x"), "with new parameters", full...)
}

// The transport-wide number counts the packets of all streams.
func TestTransportNumbersAndSendTimes(t *testing.T) {
	w := newSendWorld(t)
	a, b := videoConfig(), audioConfig()
	a.Mid, b.Mid, a.Extensions, b.Extensions = "", "", allExtensions, allExtensions
	video, audio := w.s.NewSendStream(a, SendEvents{}), w.s.NewSendStream(b, SendEvents{})
	var last uint16
	for i := range uint16(6) {
		w.after(7 * time.Millisecond)
		st, pt := video, uint8(96)
		if i%2 == 1 {
			st, pt = audio, 111
		}
		g := w.write(st, rtpHeaderOf(pt, 100+i, 0), "x")
		w.wantIDs(g, "a packet", idTransport, idTime)
		n, err := extension.ParseTransportCC(g.Extension(g.raw, idTransport))
		if err != nil || i > 0 && n != last+1 {
			t.Errorf("transport-wide number %d after %d, %v", n, last, err)
		}
		last = n
		at, err := extension.ParseSendTime(g.Extension(g.raw, idTime))
		if d := at.Near(w.now).Sub(w.now); err != nil || d < -10*time.Microsecond || d > 0 {
			t.Errorf("the send time is off by %v, %v", d, err)
		}
	}
}

func TestNegotiatedExtensionsPass(t *testing.T) {
	w := newSendWorld(t)
	c := audioConfig()
	c.Mid = ""
	c.Extensions = []HeaderExtension{{idTransport, extension.TransportCC}, {idLevel, extension.AudioLevel}, {9, "urn:example"}}
	st := w.s.NewSendStream(c, SendEvents{})
	extended := func(n uint16, set func(*rtp.Header)) *rtp.Header {
		h := rtpHeaderOf(111, n, 0)
		set(h)
		return h
	}
	set := func(h *rtp.Header, id uint8, data string) {
		if err := h.SetExtension(id, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	g := w.write(st, extended(1, func(h *rtp.Header) { set(h, 11, "not ours"); set(h, idLevel, "L"); set(h, idTransport, "xx") }), "x")
	w.wantIDs(g, "a level, one that is not negotiated, one that is written here", idTransport, idLevel)
	if got := g.Extension(g.raw, idLevel); string(got) != "L" {
		t.Errorf("the level is %q", got)
	}
	if got := g.Extension(g.raw, idTransport); string(got) == "xx" {
		t.Error("the source's transport-wide number passed")
	}

	long := strings.Repeat("d", 40)
	h := extended(2, func(h *rtp.Header) {
		if err := h.SetExtensionWithProfile(9, []byte(long), rtpheader.TwoByte); err != nil {
			t.Fatal(err)
		}
		set(h, idLevel, "L")
	})
	w.wantIDs(w.write(st, h, "x"), "an element too long for one-byte headers", idTransport, idLevel)
	c.AllowMixed = true
	st.Configure(c)
	h.SequenceNumber = 3
	g = w.write(st, h, "x")
	w.wantIDs(g, "where both forms may be mixed", idTransport, idLevel, 9)
	if g.Profile != rtpheader.TwoByte || string(g.Extension(g.raw, 9)) != long {
		t.Errorf("profile %x, data %q", g.Profile, g.Extension(g.raw, 9))
	}

	// An extension of another profile has no elements.
	h = rtpHeaderOf(111, 4, 0)
	if err := h.SetExtensionWithProfile(0, []byte("four"), 0x1234); err != nil {
		t.Fatal(err)
	}
	w.wantIDs(w.write(st, h, "x"), "another profile", idTransport)
}
