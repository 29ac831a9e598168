package transceiver

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A receiveWorld is a session that receives, the peer's end of its keys, and a
// clock.
type receiveWorld struct {
	t      testing.TB
	now    time.Time
	s      *Session
	seal   *srtptransport.Sealer // the peer's
	open   *srtptransport.Opener
	sealer *srtptransport.Sealer // the session's
	opener *srtptransport.Opener
	wakes  int
	rtcp   []feedback.Packet // that the session has sent
	sizes  []int             // of the compounds, protected
}

func newReceiveWorld(t testing.TB) *receiveWorld {
	t.Helper()
	w := earlyWorld(t)
	w.s.SetKeys(w.sealer, w.opener)
	return w
}

// earlyWorld is one in which the session has no keys yet.
func earlyWorld(t testing.TB) *receiveWorld {
	t.Helper()
	w := &receiveWorld{t: t, now: sendEpoch}
	random := uint32(1)
	w.s = NewSession(SessionConfig{
		Send: w.sent, CNAME: "receiver", Wake: func() { w.wakes++ },
		Rand: func() uint32 { random = random*1664525 + 1013904223; return random },
	})
	w.sealer, w.opener, w.seal, w.open = keyPairs(t)
	return w
}

// keyPairs returns the keys of both ends.
func keyPairs(t testing.TB) (ownSeal *srtptransport.Sealer, ownOpen *srtptransport.Opener, peerSeal *srtptransport.Sealer, peerOpen *srtptransport.Opener) {
	t.Helper()
	m := keyingMaterial(t, srtptransport.AEADAES128GCM)
	var err error
	if ownSeal, ownOpen, err = srtptransport.New(srtptransport.AEADAES128GCM, m, true, srtptransport.Config{}); err != nil {
		t.Fatal(err)
	}
	if peerSeal, peerOpen, err = srtptransport.New(srtptransport.AEADAES128GCM, m, false, srtptransport.Config{}); err != nil {
		t.Fatal(err)
	}
	return ownSeal, ownOpen, peerSeal, peerOpen
}

func (w *receiveWorld) sent(packets [][]byte) error {
	for _, p := range packets {
		w.sizes = append(w.sizes, len(p))
		b, err := w.open.OpenRTCP(bytes.Clone(p))
		if err != nil {
			w.t.Errorf("an RTCP packet does not open: %v", err)
			continue
		}
		r := feedback.NewReader(b)
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			w.rtcp = append(w.rtcp, p)
		}
		if r.Malformed() > 0 {
			w.t.Errorf("%d malformed RTCP packets", r.Malformed())
		}
	}
	return nil
}

// asked returns the RTCP packets of a kind that were sent since it was called
// last, and forgets all.
func (w *receiveWorld) asked(k feedback.Kind) (out []feedback.Packet) {
	for _, p := range w.rtcp {
		if p.Is(k) {
			out = append(out, p)
		}
	}
	w.rtcp = nil
	return out
}

// nacked returns the sequence numbers that were asked for.
func (w *receiveWorld) nacked() (out []uint16) {
	for _, p := range w.asked(feedback.KindNack) {
		var n feedback.Nack
		if err := n.Parse(p); err != nil {
			w.t.Error(err)
		}
		out = append(out, n.Sequences...)
	}
	return out
}

func (w *receiveWorld) after(d time.Duration) {
	w.now = w.now.Add(d)
	w.s.HandleTimeout(w.now)
}

// protect makes a packet of the peer's.
func (w *receiveWorld) protect(f rtpheader.Fields, payload string) []byte {
	w.t.Helper()
	b, err := rtpheader.Append(make([]byte, 0, 2000), &f)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.sealRTP(append(b, payload...))
}

func (w *receiveWorld) sealRTP(b []byte) []byte {
	w.t.Helper()
	b, err := w.seal.SealRTP(slices.Grow(b, srtptransport.Overhead))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// rtp lets a packet of the peer's arrive.
func (w *receiveWorld) rtp(f rtpheader.Fields, payload string) {
	w.t.Helper()
	w.s.HandleRTP(w.now, w.protect(f, payload), 0)
}

// rtcpFrom lets a compound of the peer's arrive.
func (w *receiveWorld) rtcpFrom(b []byte) {
	w.t.Helper()
	b, err := w.seal.SealRTCP(slices.Grow(b, srtptransport.Overhead))
	if err != nil {
		w.t.Fatal(err)
	}
	w.s.HandleRTCP(w.now, b, 0)
}

// got is what a track was given.
type got struct {
	ssrc      uint32
	sequence  uint16
	timestamp uint32
	pt        uint8
	payload   string
	recovered bool
}

// An ear is a receiver whose tracks write down what they get.
type ear struct {
	*Receiver
	got    map[string][]got // by RID
	tracks []*Track         // announced
	rtcp   int
	byes   []uint32
}

func newEar(kind codec.Kind) *ear {
	e := &ear{got: map[string][]got{}}
	e.Receiver = NewReceiver(kind, ReceiverConfig{
		OnTrack: func(t *Track) {
			e.tracks = append(e.tracks, t)
			t.OnPacket(func(p *Packet) {
				e.got[t.RID()] = append(e.got[t.RID()], got{
					p.Header.SSRC, p.Header.SequenceNumber, p.Header.Timestamp, p.Header.PayloadType, string(p.Payload), p.Recovered,
				})
			})
		},
		OnRTCP: func([]byte) { e.rtcp++ },
		OnBye:  func(ssrc uint32) { e.byes = append(e.byes, ssrc) },
	})
	return e
}

// want compares what came for a RID since it was called last with the payloads.
func (e *ear) want(t testing.TB, rid string, why string, payloads ...string) {
	t.Helper()
	var texts []string
	for _, g := range e.got[rid] {
		texts = append(texts, g.payload)
	}
	if !slices.Equal(texts, payloads) {
		t.Errorf("%s: track %q got %q, want %q", why, rid, texts, payloads)
	}
	e.got[rid] = nil
}

// Parameters of two m-lines.

func videoReception(e *ear, change ...func(*ReceiveParameters)) Reception {
	return reception(e, ReceiveParameters{Mid: "v", Codecs: []codec.Codec{vp8, rtx}, Extensions: allExtensions, Receiving: true}, change)
}

func audioReception(e *ear, change ...func(*ReceiveParameters)) Reception {
	return reception(e, ReceiveParameters{Mid: "a", Codecs: []codec.Codec{opus, tone}, Extensions: allExtensions, Receiving: true}, change)
}

func reception(e *ear, p ReceiveParameters, change []func(*ReceiveParameters)) Reception {
	for _, f := range change {
		f(&p)
	}
	return Reception{e.Receiver, p}
}

func withMid(mid string) func(*ReceiveParameters) {
	return func(p *ReceiveParameters) { p.Mid = mid }
}

func withRIDs(rids ...string) func(*ReceiveParameters) {
	return func(p *ReceiveParameters) { p.RIDs = rids }
}

func withSources(s ...Source) func(*ReceiveParameters) {
	return func(p *ReceiveParameters) { p.Sources = s }
}

func withCodecs(c ...codec.Codec) func(*ReceiveParameters) {
	return func(p *ReceiveParameters) { p.Codecs = c }
}

// Fields of packets.

func video(ssrc uint32, sequence uint16, e ...rtpheader.Element) rtpheader.Fields {
	return rtpheader.Fields{PayloadType: vp8.PayloadType, SSRC: ssrc, SequenceNumber: sequence, Timestamp: uint32(sequence) * 3000, Elements: e}
}

func audio(ssrc uint32, sequence uint16, e ...rtpheader.Element) rtpheader.Fields {
	return rtpheader.Fields{PayloadType: opus.PayloadType, SSRC: ssrc, SequenceNumber: sequence, Timestamp: uint32(sequence) * 960, Elements: e}
}

func text(id uint8, s string) rtpheader.Element {
	return rtpheader.Element{ID: id, Data: []byte(s)}
}

// again is the retransmission of a packet.
func again(ssrc uint32, sequence, original uint16, payload string, e ...rtpheader.Element) (rtpheader.Fields, string) {
	f := video(ssrc, sequence, e...)
	f.PayloadType, f.Timestamp = rtx.PayloadType, uint32(original)*3000
	return f, string([]byte{byte(original >> 8), byte(original)}) + payload
}

func number(i int) string { return fmt.Sprint(i) }
