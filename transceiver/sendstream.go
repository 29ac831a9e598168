package transceiver

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// ErrStreamClosed is returned by a [SendStream] that was closed, alone or with
// its session. It matches net.ErrClosed.
var ErrStreamClosed = fmt.Errorf("transceiver: the stream is %w", net.ErrClosed)

// SendConfig says how one encoding is sent: the negotiated parameters of the
// m-line as far as they concern it.
type SendConfig struct {
	// Mid is the m-line's identification, RID the encoding's where there are
	// several (RFC 8853), else empty.
	Mid, RID string
	// SSRC is the stream's source, 0 for one by chance. RTXSSRC is that of its
	// retransmissions; 0: there are none.
	SSRC, RTXSSRC uint32
	// Kind says how often there are reports.
	Kind codec.Kind
	// Codecs are what the peer takes, with its payload types: their clock rates,
	// their feedback, and which payload types retransmit and signal tones.
	Codecs []codec.Codec
	// Extensions are the header extensions that the peer takes. Those for mid,
	// rid, transport-wide sequence number and send time are written here; all
	// others go with a packet if its header has them under the same identifier.
	Extensions []HeaderExtension
	// AllowMixed says that both sides take extensions with one-byte and two-byte
	// headers in one stream (RFC 8285 §6). Elements that need two-byte headers
	// are left out where they do not.
	AllowMixed bool
	// Active is false while the encoding is paused: packets are dropped then.
	Active bool
}

// SendEvents is what a stream reports to. The functions may be nil. They are
// called without any lock held, on the goroutine that called HandleRTCP or
// HandleTimeout, and must not block.
type SendEvents struct {
	// OnKeyFrameRequest says that the peer cannot decode without a key frame.
	// Requests that follow within a round trip are one.
	OnKeyFrameRequest func()
	// OnRTCP is given each RTCP packet, taken from its compound, that says
	// something of the stream. raw is lent until it returns.
	OnRTCP func(raw []byte)
	// OnBitrate says what the peer estimates that it can receive, in bits per
	// second, in all (REMB).
	OnBitrate func(bps uint64)
	// OnToneChange says that a tone of InsertDTMF begins, or a pause (","), or
	// with "" that all have been played (webrtc-pc §7.3).
	OnToneChange func(tone string)
}

// A SendStream is what sends one encoding of a track: the core of an
// RTCRtpSender, which has as many as it has encodings. Its methods may be called
// from any goroutine.
type SendStream struct {
	out    *sendHalf
	events SendEvents
	ssrc   atomic.Uint32 // written with out.mu

	mu sync.Mutex // guards what follows
	// cfg.SSRC and cfg.RTXSSRC are written with out.mu, too.
	cfg     SendConfig
	formats []sendFormat
	marks   sendMarks
	numbers numbering
	history history
	repairs repairs
	tones   dtmf
	// toneTime is the timestamp of the event that is being sent.
	toneTime   uint32
	counts     SendStats
	key        keyRequests
	congestion congestionTally
	// turn counts the writers that the stream has had.
	turn uint64
	// lastSent is when a packet of the source was last sent; zero if the peer was
	// told since that there will be none. parted is what counts.Packets was then.
	lastSent time.Time
	parted   uint64
	closed   bool

	// What packets are made with, to allocate nothing.
	fields rtpheader.Fields
	passed []rtpheader.Element
	burst  burst
}

// NewSendStream adds a stream to what the session sends.
func (s *Session) NewSendStream(c SendConfig, e SendEvents) *SendStream {
	st := &SendStream{out: &s.out, events: e}
	st.repairs.next, st.repairs.budget = uint16(s.cfg.Rand())&firstSequence, repairBudgetStart
	s.out.add(st, c)
	return st
}

// firstSequence masks the random sequence numbers that streams of ours begin
// with. RFC 3711 §3.3.1: if the first packets are lost just before sequence
// numbers wrap, the receiver's idea of the rollover counter is wrong for good.
const firstSequence = 1<<15 - 1

// Configure changes how the stream is sent from the next packet on. Sequence
// numbers go on, also under another SSRC and after a pause.
func (st *SendStream) Configure(c SendConfig) { st.out.configure(st, c) }

// configure is called with out.mu.
func (st *SendStream) configure(c SendConfig) (before, after sendSSRCs) {
	st.mu.Lock()
	defer st.mu.Unlock()
	before = sendSSRCs{st.cfg.SSRC, st.cfg.RTXSSRC}
	st.repairs.placed = st.repairs.placed && before.rtx == c.RTXSSRC
	if c.SSRC == 0 {
		c.SSRC = before.media
	}
	for c.SSRC == 0 {
		c.SSRC = st.out.s.cfg.Rand()
	}
	c.Codecs, c.Extensions = append([]codec.Codec(nil), c.Codecs...), append([]HeaderExtension(nil), c.Extensions...)
	if c.Active && !st.cfg.Active {
		st.numbers.resume()
	}
	st.cfg = c
	st.ssrc.Store(c.SSRC)
	st.formats = sendFormats(c)
	st.marks = marksOf(c)
	if !st.repairable() {
		st.history.free()
	}
	return before, sendSSRCs{c.SSRC, c.RTXSSRC}
}

// SSRC returns the stream's source.
func (st *SendStream) SSRC() uint32 { return st.ssrc.Load() }

// WriteRTP sends a packet of the stream's source and returns its length. The
// header's SSRC is replaced; its sequence number and timestamp are moved where
// the source was replaced (see Rebase); of its extensions those stay that are
// negotiated under the same identifier and are not written here. h and payload
// stay the caller's and are not changed.
//
// Nothing happens, and 0 is returned without an error, while there are no keys or
// the stream is not active, and for a packet with the SSRC of retransmissions: the
// stream makes those by itself. The error is ErrAlreadySent for a sequence number
// that was sent, ErrTooOld for one of which nobody knows, ErrStreamClosed, or
// what the path says.
func (st *SendStream) WriteRTP(now time.Time, h *rtp.Header, payload []byte) (int, error) {
	return st.write(now, h, payload, anyWriter)
}

// Rebase says that the next packet is of another source: sequence numbers go on
// by one from there and timestamps by the time that has passed, whatever the
// source counts from.
func (st *SendStream) Rebase() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.numbers.rebase()
}

// A Writer is what writes the packets of a stream's source, a track for instance. A
// stream has one at a time: what another writes late must not get between its
// packets, since the peer would take it for a jump of the one source that it
// knows.
type Writer struct {
	st   *SendStream
	turn uint64
}

// anyWriter is the turn of who writes to the stream itself.
const anyWriter = 0

// NewWriter gives the stream another source: Rebase, and from then on the packets
// of the writer before are dropped.
func (st *SendStream) NewWriter() *Writer {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.numbers.rebase()
	st.turn++
	return &Writer{st, st.turn}
}

// WriteRTP is [SendStream.WriteRTP]. It returns 0 and no error once the stream has
// another writer.
func (w *Writer) WriteRTP(now time.Time, h *rtp.Header, payload []byte) (int, error) {
	return w.st.write(now, h, payload, w.turn)
}

// WriteBurst is [SendStream.WriteBurst]. Nothing happens once the stream has another
// writer.
func (w *Writer) WriteBurst(now time.Time, headers []rtp.Header, payloads []*Payload) error {
	return w.st.writeBurst(now, headers, payloads, w.turn)
}

func (st *SendStream) write(now time.Time, h *rtp.Header, payload []byte, turn uint64) (int, error) {
	n, kind, err := st.writeLocked(now, h, payload, turn)
	if n > 0 {
		st.out.armReports(now, kind == codec.Video)
	}
	return n, err
}

func (st *SendStream) writeLocked(now time.Time, h *rtp.Header, payload []byte, turn uint64) (int, codec.Kind, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	sealer, err := st.ready(turn)
	if sealer == nil {
		return 0, 0, err
	}
	n, err := st.put(now, sealer, h, payload, nil)
	if n > 0 {
		err = st.out.flush(&st.burst)
	}
	return n, st.cfg.Kind, err
}

// ready returns what packets of a writer are sealed with; nil if they are not to be
// sent, with or without an error.
func (st *SendStream) ready(turn uint64) (*srtptransport.Sealer, error) {
	if st.closed {
		return nil, ErrStreamClosed
	}
	if !st.cfg.Active || turn != anyWriter && turn != st.turn {
		return nil, nil
	}
	return st.out.sealer.Load(), nil
}

// put puts a packet of the source into the burst. The result is positive if it did,
// which has used up the sequence number.
func (st *SendStream) put(now time.Time, sealer *srtptransport.Sealer, h *rtp.Header, payload []byte, shared *Payload) (int, error) {
	if h.SSRC != 0 && h.SSRC == st.cfg.RTXSSRC {
		return 0, nil
	}
	st.continueSource(sealer)
	place, err := st.numbers.number(now, h.SequenceNumber, h.Timestamp)
	if err != nil {
		return 0, err
	}
	if place.out <= st.numbers.out && sealer.Sealed(st.cfg.SSRC, uint16(place.out)) {
		return 0, ErrAlreadySent
	}
	format := st.format(h.PayloadType)
	st.fields = rtpheader.Fields{
		Marker: h.Marker, PayloadType: h.PayloadType, SequenceNumber: uint16(place.out), Timestamp: place.timestamp,
		SSRC: st.cfg.SSRC, CSRCs: h.CSRC, Elements: st.fields.Elements,
	}
	st.passed = st.passed[:0]
	if h.Extension {
		for _, id := range st.marks.pass {
			if data := h.GetExtension(id); data != nil {
				st.passed = append(st.passed, rtpheader.Element{ID: id, Data: data})
			}
		}
	}
	padding := uint8(0)
	if h.Padding {
		padding = h.PaddingSize
	}
	n, err := st.transmit(now, sealer, place.out, format, payload, shared, padding)
	if n > 0 {
		st.numbers.take(now, place, format.clock)
	}
	return n, err
}

// transmit seals the packet that st.fields and st.passed describe, puts it into the
// burst and keeps what it takes to send it again. Its return value is positive if
// the sequence number is used up. What depends on the time of sending is written
// here: a pacer goes in between here and the caller.
func (st *SendStream) transmit(now time.Time, sealer *srtptransport.Sealer, number int64, f sendFormat, payload []byte, shared *Payload, padding uint8) (int, error) {
	buf := sendBuffers.Get().(*sendBuffer)
	st.mark(now, number)
	b, err := st.appendHeader(buf.b[:0])
	if err != nil {
		buf.release()
		return 0, err
	}
	header := len(b)
	b = rtpheader.AppendPadding(append(b, payload...), padding)
	n := len(b)
	sealed, err := st.burst.seal(sealer, buf, b)
	if err != nil {
		return 0, err
	}
	if f.repair != repairNone {
		st.remember(now, number, f, payload, shared, sealed)
	}
	if st.counts.Packets == 0 {
		st.counts.first = number
	}
	if st.fields.Marker {
		st.counts.Frames++
	}
	st.counts.PayloadType = st.fields.PayloadType
	st.counts.Packets++
	st.counts.Bytes += uint64(len(payload))
	st.repairs.budget = min(st.repairs.budget+len(payload), repairBudget)
	st.counts.HeaderBytes += uint64(header + int(padding))
	st.lastSent = now
	return n, nil
}

// Pause has the stream send nothing more until Configure makes it active again,
// and tells the peer so (RFC 3550 §6.6). What was kept to be sent again is freed.
func (st *SendStream) Pause(now time.Time) { st.out.pause(now, st) }

// Close ends the stream: the peer is told so (RFC 3550 §6.6), and what was kept
// is freed. Further writes return ErrStreamClosed.
func (st *SendStream) Close(now time.Time) { st.out.remove(now, st) }

// end makes the stream one that sends no more. It returns its sources, and whether
// the peer has to be told.
func (st *SendStream) end() (sources sendSSRCs, sent bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.closed = true
	return st.part()
}

// pause is end for a stream that may send again.
func (st *SendStream) pause() (sources sendSSRCs, sent bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cfg.Active = false
	return st.part()
}

func (st *SendStream) part() (sources sendSSRCs, sent bool) {
	sent = st.counts.Packets > st.parted
	st.parted, st.lastSent = st.counts.Packets, time.Time{}
	st.history.free()
	st.tones.stop()
	return sendSSRCs{st.cfg.SSRC, st.cfg.RTXSSRC}, sent
}
