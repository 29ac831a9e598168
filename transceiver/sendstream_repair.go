package transceiver

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A repair is how packets of a payload type are sent again.
type repair uint8

const (
	repairNone     repair = iota // the peer does not ask
	repairRTX                    // as packets of another source: RFC 4588
	repairVerbatim               // as the very bytes that were sent
)

// A sendFormat is what a payload type means to a stream.
type sendFormat struct {
	payloadType uint8
	repair      repair
	rtx         uint8 // the payload type of retransmissions, with repairRTX
	tones       bool  // telephone-event (RFC 4733)
	clock       uint32
}

func sendFormats(c SendConfig) []sendFormat {
	var formats []sendFormat
	for _, x := range c.Codecs {
		if x.IsRTX() {
			continue
		}
		f := sendFormat{payloadType: x.PayloadType, clock: x.ClockRate, tones: strings.EqualFold(x.Name(), "telephone-event")}
		if slices.ContainsFunc(x.Feedback, func(f codec.Feedback) bool { return f.Type == "nack" && f.Parameter == "" }) {
			f.repair = repairVerbatim
			i := slices.IndexFunc(c.Codecs, func(r codec.Codec) bool {
				apt, ok := r.Apt()
				return ok && apt == x.PayloadType
			})
			if i >= 0 && c.RTXSSRC != 0 {
				f.repair, f.rtx = repairRTX, c.Codecs[i].PayloadType
			}
		}
		formats = append(formats, f)
	}
	return formats
}

// format returns what a payload type means. One that was not negotiated is not
// repaired, and counts time as the first that was.
func (st *SendStream) format(payloadType uint8) sendFormat {
	for i := range st.formats {
		if st.formats[i].payloadType == payloadType {
			return st.formats[i]
		}
	}
	f := sendFormat{payloadType: payloadType}
	if len(st.formats) > 0 {
		f.clock = st.formats[0].clock
	}
	return f
}

func (st *SendStream) repairable() bool {
	return slices.ContainsFunc(st.formats, func(f sendFormat) bool { return f.repair != repairNone })
}

// forgetHistory makes the stream one that has nothing to send again.
func (st *SendStream) forgetHistory() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.history.clear()
}

// remember keeps the packet that st.fields and st.passed describe.
func (st *SendStream) remember(now time.Time, number int64, f sendFormat, payload []byte, shared *Payload, sealed []byte) {
	e := st.history.add(number, now)
	if e == nil {
		return
	}
	e.length = len(payload)
	e.verbatim = f.repair == repairVerbatim
	if e.verbatim {
		e.payload = NewPayload(sealed)
	} else {
		switch {
		case len(payload) == 0:
			// Padding has a number of its own, and a peer that misses it would ask for a
			// key frame in the end.
			shared = noPayload
			shared.retain()
		case shared != nil:
			shared.retain()
		default:
			shared = NewPayload(payload)
		}
		e.payload, e.marker, e.payloadType, e.timestamp = shared, st.fields.Marker, st.fields.PayloadType, st.fields.Timestamp
		e.setHeader(st.fields.CSRCs, st.passed)
	}
	st.history.counted(e)
}

// What is sent again is bounded: in the long run it is no more than what is sent at
// first, whatever a peer asks for. A peer that has missed all of what is kept, once,
// gets it.
const (
	repairBudget      = historyBytes
	repairBudgetStart = 64 << 10
)

// repairs is what a stream needs to send packets again.
type repairs struct {
	// budget is how many bytes of payload may be sent again.
	budget  int
	next    uint16 // sequence number of the next RTX packet
	placed  bool   // next is behind all that was sent from the SSRC
	sources []uint32
}

// Times between two retransmissions of a packet: the least, and what it is while
// the round-trip time is not known.
const (
	minRepairInterval     = 5 * time.Millisecond
	unknownRepairInterval = 20 * time.Millisecond
)

// resend sends packets again that the peer asks for, as far as they are known.
// Each is sent once in a round trip: until then a request may be older than what
// answers it.
func (st *SendStream) resend(now time.Time, sequences []uint16, rtt time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.counts.Nacks++
	sealer := st.out.sealer.Load()
	if sealer == nil || st.closed || !st.cfg.Active {
		return
	}
	st.history.expire(now)
	// The peer asks again after a round trip of its own measure; a quarter is left
	// for the difference.
	wait := max(rtt-rtt/4, minRepairInterval)
	if rtt == 0 {
		wait = unknownRepairInterval
	}
	for _, sequence := range sequences {
		e := st.history.get(sequence)
		if e == nil || st.history.resent(e, now, wait) {
			continue
		}
		if e.length > st.repairs.budget {
			st.counts.Refused++
			continue
		}
		if e.verbatim {
			// A second encryption under the same sequence number would give both
			// away (RFC 7714 §8.4), also if only the extensions differed.
			st.burst.copy(e.payload.b)
		} else if st.retransmit(now, sealer, e) != nil {
			continue
		}
		e.again = st.history.since(now)
		st.repairs.budget -= e.length
		st.counts.Retransmitted++
		st.counts.RetransmittedBytes += uint64(e.length)
		if len(st.burst.packets) == maxBurst {
			_ = st.out.flush(&st.burst) // the peer asks again
		}
	}
	_ = st.out.flush(&st.burst)
}

// retransmit puts a retransmission into the burst. RFC 4588 §4: it has a payload
// type, SSRC and sequence numbers of its own, the timestamp of the original, and
// in front of its payload the original sequence number. §4 as well: header
// extensions of the original go with it. The sequence number is a new one each
// time, so that each is sealed once.
func (st *SendStream) retransmit(now time.Time, sealer *srtptransport.Sealer, e *sentPacket) error {
	f := st.format(e.payloadType)
	if f.repair != repairRTX {
		return ErrTooOld // sent before RTX was given up
	}
	if !st.repairs.placed {
		st.repairs.placed = true
		// Another stream, now closed, may have sent from the SSRC.
		if sequence, ok := sealer.Next(st.cfg.RTXSSRC); ok {
			st.repairs.next = sequence
		}
	}
	st.repairs.sources = e.appendSources(st.repairs.sources[:0])
	st.passed = e.appendElements(st.passed[:0])
	st.fields = rtpheader.Fields{
		Marker: e.marker, PayloadType: f.rtx, SequenceNumber: st.repairs.next, Timestamp: e.timestamp,
		SSRC: st.cfg.RTXSSRC, CSRCs: st.repairs.sources, Elements: st.fields.Elements,
	}
	// Few of these are sent, so that each may be the first to arrive, and there
	// may be no reports on them: mid and repaired rid are always there.
	st.setElements(now, true, st.marks.repaired)
	buf := sendBuffers.Get().(*sendBuffer)
	b, err := st.appendHeader(buf.b[:0])
	if err != nil {
		buf.release()
		return err
	}
	st.counts.RetransmittedHeaderBytes += uint64(len(b))
	b = binary.BigEndian.AppendUint16(b, uint16(e.number))
	b = append(b, e.payload.b...)
	st.repairs.next++
	_, err = st.burst.seal(sealer, buf, b)
	return err
}
