package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

const (
	// orderShift is where the generation stands in an order.
	orderShift = 40
	// takeBack is for how long the newest stream of a track must have been silent
	// for one that it has replaced to take the track back.
	takeBack = time.Second
)

// A stream is what arrives from one SSRC. Everything of it is guarded by the
// session's in.
type stream struct {
	ssrc   uint32
	parked int  // how many packets of it are
	recent bool // a packet has come since the session looked for room

	// What packets have said of where they belong, and with which extended
	// sequence number. repaired is the RID whose stream this one repairs.
	mid, rid, repaired       string
	midAt, ridAt, repairedAt uint64

	binding *binding  // the m-line it belongs to, nil if that is not known
	latched *Receiver // what its payload type once said
	lane    *lane     // where its media goes, nil if that is not known
	primary *stream   // the one it repairs, as far as that is known

	seq sequence
	// generation counts the streams of the track, and their runs. With the
	// extended sequence number it is the order of a packet.
	generation uint64
	jitter     jitter
	nacks      nacks
	nacking    bool          // it is in the session's list of those that miss packets
	heard      bool          // a packet has come since the last report
	last       time.Duration // when the last packet came
	// Of the newest packet with media: its payload type and timestamp, and the
	// format of the newest that was no accompaniment.
	payloadType uint8
	timestamp   uint32
	format      *format
	holes       *holes // of a stream with redundant audio, else nil
	repair      bool   // it carries retransmissions
	ended       bool   // the source has said goodbye

	// At the last report (RFC 3550 A.3).
	expectedBefore, receivedBefore uint64
	sender                         senderInfo
	trips                          roundTrips
	keyFrame                       keyFrameRequest
	cname                          string
	count                          StreamStats // the counters of it
}

// senderInfo is what a source has said in its last sender report.
type senderInfo struct {
	known   bool
	ntp     uint64
	rtp     uint32
	packets uint32
	octets  uint32
	at      time.Duration // when the report came
	reports uint64
}

// roundTrips are measurements of the round-trip time.
type roundTrips struct {
	last, total time.Duration
	count       uint64
}

func (r *roundTrips) add(d time.Duration) {
	r.last = d
	r.total += d
	r.count++
}

// jitter is the estimator of RFC 3550 A.8.
type jitter struct {
	started   bool
	clockRate uint32
	transit   uint32 // of the last packet, in units of the clock
	scaled    uint32 // 16 times the jitter
}

// note takes the arrival of a packet into account.
func (j *jitter) note(at time.Duration, timestamp, clockRate uint32) {
	if clockRate == 0 {
		return
	}
	if clockRate != j.clockRate {
		// RFC 7160: after a change of the clock rate transit times cannot be
		// compared, and the jitter is of another unit.
		*j = jitter{clockRate: clockRate}
	}
	arrival := uint32(at/time.Second)*clockRate + uint32(uint64(at%time.Second)*uint64(clockRate)/uint64(time.Second))
	transit := arrival - timestamp
	d := int32(transit - j.transit)
	j.transit = transit
	if !j.started {
		j.started = true
		return
	}
	// RFC 3550 A.8: jitter += |d| - ((jitter + 8) >> 4).
	j.scaled += uint32(max(d, -d)) - (j.scaled+8)>>4
}

// restart forgets the last transit time: a source that begins anew has timestamps
// that start from another value (RFC 3550 §5.1), which is no jitter.
func (j *jitter) restart() { j.started = false }

// value returns the jitter in units of the clock.
func (j *jitter) value() uint32 { return j.scaled >> 4 }

// duration returns the jitter as a time.
func (j *jitter) duration() time.Duration {
	if j.clockRate == 0 {
		return 0
	}
	return time.Duration(j.value()) * time.Second / time.Duration(j.clockRate)
}

// identify notes what a packet says of the m-line and the encoding that its
// stream belongs to.
func (st *stream) identify(t *table, h *rtpheader.Header, e *elements) {
	if len(e.mid) == 0 && len(e.rid) == 0 && len(e.repairedRID) == 0 {
		return
	}
	ext := st.seq.extend(h.SequenceNumber)
	// RFC 9143 §9.2: "If the packet has a MID and the packet's extended sequence
	// number is greater than that of the last MID update […] update the MID
	// associated with the RTP stream". The same goes for RIDs.
	moved := says(&st.mid, &st.midAt, ext, e.mid)
	moved = says(&st.rid, &st.ridAt, ext, e.rid) || moved
	moved = says(&st.repaired, &st.repairedAt, ext, e.repairedRID) || moved
	if moved {
		st.move(t)
	}
}

// move takes the stream from its m-line or its track if what is known of it now
// has it elsewhere.
func (st *stream) move(t *table) {
	st.primary = nil
	switch {
	case st.binding == nil:
	case st.mid != "" && t.mids[st.mid] != st.binding:
		st.leave()
	case st.lane != nil && t.laneOf(st) != st.lane:
		st.leaveLane()
	}
}

// says updates a value by one that a packet carries, and reports whether it is
// another.
func says(value *string, at *uint64, ext uint64, said []byte) bool {
	if len(said) == 0 || ext <= *at {
		return false
	}
	*at = ext
	if *value == string(said) {
		return false
	}
	*value = string(said)
	return true
}

// leave takes the stream from its m-line.
func (st *stream) leave() {
	st.leaveLane()
	st.binding, st.primary = nil, nil
}

func (st *stream) leaveLane() {
	if st.lane != nil && st.lane.current == st {
		st.lane.current = nil
	}
	st.lane = nil
	st.nacks.reset()
	st.keyFrame.wanted = false
}

// enter makes the stream the one that feeds the lane's track.
func (st *stream) enter(l *lane) {
	st.lane = l
	l.current = st
	st.begin()
	l.track.ssrc.Store(st.ssrc)
}

// begin starts another run of packets, whose order is behind all before.
func (st *stream) begin() { st.generation = st.lane.track.generation.Add(1) }

// order returns the place of a packet among all of its track.
func (st *stream) order(ext uint64) uint64 { return st.generation<<orderShift | ext }

// report returns the reception report of the stream (RFC 3550 A.3, §6.4.1), at
// the time at.
func (st *stream) report(at time.Duration) feedback.ReportBlock {
	expected, received := st.seq.totals()
	b := feedback.ReportBlock{
		SSRC:            st.ssrc,
		TotalLost:       int32(max(min(int64(expected)-int64(received), 1<<23-1), -1<<23)),
		HighestSequence: st.seq.extended(),
		Jitter:          st.jitter.value(),
	}
	interval := int64(expected - st.expectedBefore)
	lost := interval - int64(received-st.receivedBefore)
	if interval > 0 && lost > 0 {
		b.FractionLost = uint8(min(lost<<8/interval, 255))
	}
	st.expectedBefore, st.receivedBefore = expected, received
	if st.sender.known {
		b.LastReport, b.Delay = uint32(st.sender.ntp>>16), feedback.Delay(at-st.sender.at)
	}
	return b
}
