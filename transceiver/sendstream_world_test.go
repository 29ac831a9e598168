package transceiver

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/extension"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A sendWorld is a session that sends, the peer's end of its keys, and a clock.
type sendWorld struct {
	t     testing.TB
	now   time.Time
	s     *Session
	open  *srtptransport.Opener
	seal  *srtptransport.Sealer // the session's
	fails error                 // what the path says
	wakes int
	bytes [][]byte // protected, as sent
	rtp   []sentRTP
	rtcp  [][]byte // opened compounds
}

// A sentRTP is a packet that the peer got.
type sentRTP struct {
	rtpheader.Header
	raw, payload []byte
	burst        int // how many came with it
}

var sendEpoch = time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)

const (
	idMID = iota + 1
	idRID
	idRepaired
	idTransport
	idTime
	idLevel
)

var (
	vp8  = codec.Codec{PayloadType: 96, MimeType: "video/VP8", ClockRate: 90000, Feedback: []codec.Feedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}}
	rtx  = codec.Codec{PayloadType: 97, MimeType: "video/rtx", ClockRate: 90000, Fmtp: "apt=96"}
	opus = codec.Codec{PayloadType: 111, MimeType: "audio/opus", ClockRate: 48000, Channels: 2}
	tone = codec.Codec{PayloadType: 126, MimeType: "audio/telephone-event", ClockRate: 48000}

	allExtensions = []HeaderExtension{
		{idMID, extension.MID}, {idRID, extension.RID}, {idRepaired, extension.RepairedRID},
		{idTransport, extension.TransportCC}, {idTime, extension.AbsSendTime}, {idLevel, extension.AudioLevel},
	}
)

const videoSSRC, videoRTX, audioSSRC, peerSSRC = 0x11111111, 0x22222222, 0x33333333, 0x99999999

func videoConfig() SendConfig {
	return SendConfig{Mid: "0", SSRC: videoSSRC, RTXSSRC: videoRTX, Kind: codec.Video, Codecs: []codec.Codec{vp8, rtx}, Active: true}
}

func audioConfig() SendConfig {
	return SendConfig{Mid: "1", SSRC: audioSSRC, Kind: codec.Audio, Codecs: []codec.Codec{opus, tone}, Active: true}
}

// keyingMaterial is the same for both ends of a world.
func keyingMaterial(t testing.TB, p srtptransport.Profile) []byte {
	n, err := srtptransport.KeyingMaterialLength(p)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat([]byte{1, 2, 3, 4}, n/4)
}

func newSendWorld(t testing.TB) *sendWorld {
	w := newKeylessWorld(t)
	w.s.out.setSealer(w.seal)
	return w
}

func newKeylessWorld(t testing.TB) *sendWorld {
	t.Helper()
	w := &sendWorld{t: t, now: sendEpoch}
	random := uint32(1)
	w.s = NewSession(SessionConfig{
		Send: w.sent, CNAME: "cname", Wake: func() { w.wakes++ },
		Rand: func() uint32 { random = random*1664525 + 1013904223; return random },
	})
	m := keyingMaterial(t, srtptransport.AEADAES128GCM)
	var err error
	if w.seal, _, err = srtptransport.New(srtptransport.AEADAES128GCM, m, true, srtptransport.Config{}); err != nil {
		t.Fatal(err)
	}
	if _, w.open, err = srtptransport.New(srtptransport.AEADAES128GCM, m, false, srtptransport.Config{ReplayWindow: 1 << 15}); err != nil {
		t.Fatal(err)
	}
	return w
}

// rekey gives both ends new keys.
func (w *sendWorld) rekey(seed byte) {
	w.t.Helper()
	m := keyingMaterial(w.t, srtptransport.AEADAES128GCM)
	m[0] += seed
	var err error
	if w.seal, _, err = srtptransport.New(srtptransport.AEADAES128GCM, m, true, srtptransport.Config{}); err != nil {
		w.t.Fatal(err)
	}
	if _, w.open, err = srtptransport.New(srtptransport.AEADAES128GCM, m, false, srtptransport.Config{ReplayWindow: 1 << 15}); err != nil {
		w.t.Fatal(err)
	}
	w.s.out.setSealer(w.seal)
}

// sent is the path. The peer opens what it has not got yet.
func (w *sendWorld) sent(packets [][]byte) error {
	for _, p := range packets {
		b := bytes.Clone(p)
		w.bytes = append(w.bytes, b)
		if 192 <= b[1] && b[1] <= 223 {
			plain, err := w.open.OpenRTCP(bytes.Clone(b))
			if err != nil {
				w.t.Errorf("an RTCP packet does not open: %v", err)
			}
			w.rtcp = append(w.rtcp, plain)
			continue
		}
		plain, err := w.open.OpenRTP(bytes.Clone(b))
		if err == srtptransport.ErrReplayed {
			continue // resent verbatim: w.bytes has it
		}
		g := sentRTP{raw: plain, burst: len(packets)}
		if err != nil {
			w.t.Errorf("a packet does not open: %v", err)
		} else if err := g.Parse(plain); err != nil {
			w.t.Errorf("a packet is malformed: %v", err)
		}
		g.payload = g.Payload(plain)
		w.rtp = append(w.rtp, g)
	}
	return w.fails
}

func (w *sendWorld) after(d time.Duration) { w.now = w.now.Add(d) }

// rtpHeader returns a header as a source writes it.
func rtpHeaderOf(payloadType uint8, sequence uint16, timestamp uint32) *rtp.Header {
	return &rtp.Header{Version: 2, PayloadType: payloadType, SequenceNumber: sequence, Timestamp: timestamp, SSRC: 0xDEAD}
}

// write sends a packet and returns what the peer got.
func (w *sendWorld) write(st *SendStream, h *rtp.Header, payload string) sentRTP {
	w.t.Helper()
	before := len(w.rtp)
	if n, err := st.WriteRTP(w.now, h, []byte(payload)); err != nil || n == 0 {
		w.t.Fatalf("packet %d: %d, %v", h.SequenceNumber, n, err)
	}
	if len(w.rtp) != before+1 {
		w.t.Fatalf("packet %d: %d packets were sent", h.SequenceNumber, len(w.rtp)-before)
	}
	return w.rtp[before]
}

// wantRefused writes a packet that must not be sent.
func (w *sendWorld) wantRefused(st *SendStream, h *rtp.Header, want error, why string) {
	w.t.Helper()
	before := len(w.bytes)
	n, err := st.WriteRTP(w.now, h, []byte("refused"))
	if err != want || n != 0 || len(w.bytes) != before {
		w.t.Errorf("%s: got %d, %v and %d packets, want %v", why, n, err, len(w.bytes)-before, want)
	}
}

// feed gives the session an RTCP compound of the peer's, opened.
func (w *sendWorld) feed(compound []byte) {
	w.t.Helper()
	r := feedback.NewReader(compound)
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		w.s.out.handleRTCP(w.now, p)
	}
	if r.Malformed() > 0 {
		w.t.Fatal("the compound is malformed")
	}
}

func (w *sendWorld) nack(sequences ...uint16) {
	w.t.Helper()
	w.feed(nackOf(videoSSRC, sequences...))
}

// runReports sends what is due, as the session does.
func (w *sendWorld) runReports(blocks ...feedback.ReportBlock) (compounds [][]byte) {
	w.t.Helper()
	before := len(w.rtcp)
	for w.s.out.reportsDue(w.now) {
		if err := w.s.out.sendRTCP(w.now, w.s.out.appendReports(nil, w.now, blocks)); err != nil {
			w.t.Fatal(err)
		}
		blocks = nil
		if len(w.rtcp) > before+100 {
			w.t.Fatal("reports do not end")
		}
	}
	return w.rtcp[before:]
}

// kinds returns what a compound is made of.
func kinds(compound []byte) (all []feedback.Kind) {
	r := feedback.NewReader(compound)
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		all = append(all, p.Kind())
	}
	return all
}

// find parses the first packet of a kind into to.
func find(t testing.TB, compound []byte, k feedback.Kind, to interface{ Parse(feedback.Packet) error }) {
	t.Helper()
	r := feedback.NewReader(compound)
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		if p.Is(k) {
			if err := to.Parse(p); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("the compound %x has no packet of kind %d", compound, k)
}

// original takes a retransmission apart.
func (g sentRTP) original() (sequence uint16, payload string) {
	return binary.BigEndian.Uint16(g.payload), string(g.payload[2:])
}

// nackOf is a negative acknowledgement of packets of a source.
func nackOf(media uint32, sequences ...uint16) []byte {
	return (&feedback.Nack{Sender: peerSSRC, Media: media, Sequences: sequences}).Append(nil)
}
