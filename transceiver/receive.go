package transceiver

import (
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A delivery is what a packet has led to and is done without the session's lock:
// calls of handlers and packets for tracks. It is pooled.
type delivery struct {
	items   []item
	scratch []byte // of packets that are made here; not replaced while items are
	late    []*Track
	owed    []*Track // whose readers are to be woken
	heard   []*Receiver
	byes    []bye
	wake    bool // NextTimeout has become earlier
	arm     bool // reports are to be made, often for video
	video   bool
}

// An item is a packet for a track.
type item struct {
	packet   Packet
	levels   levels
	track    *Track
	order    uint64
	announce bool
}

type bye struct {
	receiver *Receiver
	ssrc     uint32
}

var deliveries = sync.Pool{New: func() any { return new(delivery) }}

// run does what the delivery says. push says that the goroutine is one that calls
// push handlers.
func (d *delivery) run(push bool) {
	for _, t := range d.late {
		t.flush()
	}
	for i := range d.items {
		it := &d.items[i]
		if it.announce {
			if f := it.track.receiver.cfg.OnTrack; f != nil {
				f(it.track)
			}
		}
		if it.track.deliver(&it.packet, it.levels, it.order, push) {
			d.owed = append(d.owed, it.track)
		}
	}
	for _, b := range d.byes {
		if f := b.receiver.cfg.OnBye; f != nil {
			f(b.ssrc)
		}
	}
}

// release gives the delivery back.
func (d *delivery) release() {
	clear(d.items)
	clear(d.late)
	clear(d.owed)
	clear(d.heard)
	clear(d.byes)
	*d = delivery{
		items: d.items[:0], scratch: d.scratch[:0],
		late: d.late[:0], owed: d.owed[:0], heard: d.heard[:0], byes: d.byes[:0],
	}
	deliveries.Put(d)
}

// receive gives a decrypted RTP packet to the stream and the track that it is for.
// in is held, as in all that follows. again says that it was parked before.
func (s *Session) receive(d *delivery, b []byte, info PacketInfo, again bool) {
	var h rtpheader.Header
	if h.Parse(b) != nil {
		s.stats.Malformed++
		return
	}
	e := s.table.read(&h, b)
	st := s.streams[h.SSRC]
	if st == nil {
		st = s.admit(h.SSRC, nil)
	} else {
		st.recent = true
	}
	if !again {
		s.record(&h, &e, info)
	}
	st.identify(s.table, &h, &e)
	if st.binding == nil && !s.table.place(st, h.PayloadType) {
		s.park(st, b, info)
		return
	}
	d.arm = true
	if st.binding.receiver.kind == codec.Video {
		d.video = true
	}
	f := st.binding.format(h.PayloadType)
	switch {
	case !st.binding.receiving:
		st.count.Discarded++
	case f.kind == formatMedia, f.kind == formatRED:
		if st.lane == nil {
			l := s.table.laneOf(st)
			if l == nil {
				s.park(st, b, info)
				return
			}
			st.enter(l)
			s.reclaim(d, st)
			s.settled()
			if st.lane != l {
				s.park(st, b, info) // what was parked has said otherwise
				return
			}
		}
		s.media(d, st, &h, b, f, e.levels, info)
	case f.kind == formatRTX:
		s.repair(d, st, &h, b, f, info)
	case f.kind == formatFEC:
		s.passOver(st, &h, b, info)
		st.count.FECPackets++
	default:
		// RFC 9143 §9.2: "check that the payload type used by the RTP stream
		// matches a payload type included on the matching "m=" section. […]
		// Otherwise, the RTP stream is not decoded, and the payload data is
		// discarded."
		s.passOver(st, &h, b, info)
		st.count.Discarded++
	}
}

// passOver takes a packet of a stream that is no media of its track: it has a place
// among those that are, and is not missing there.
func (s *Session) passOver(st *stream, h *rtpheader.Header, b []byte, info PacketInfo) {
	at := s.at(info.Arrival)
	silent := at - st.last
	st.arrived(h, b, at)
	before := st.seq.highest
	switch ext, a := st.seq.note(h.SequenceNumber, false); {
	case a == arrivalFirst:
		st.nacks.reset()
	case a == arrivalLate:
		st.filled(ext)
	case a == arrivalNext && ext > before+1 && st.format != nil:
		s.gap(st, st.format, before+1, ext, at, silent)
	}
}

// arrived counts a packet that has come for itself.
func (st *stream) arrived(h *rtpheader.Header, b []byte, at time.Duration) {
	st.heard, st.ended, st.last = true, false, at
	st.count.Packets++
	st.count.HeaderBytes += uint64(h.Size() + int(h.PaddingSize))
	st.count.Bytes += uint64(len(b) - h.Size() - int(h.PaddingSize))
}

// marked counts the congestion marks of a packet (RFC 3168 §5).
func (st *stream) marked(ecn uint8) {
	switch ecn {
	case 1:
		st.count.ECT1++
	case 3:
		st.count.CE++
	}
}

// media takes a packet of a stream that carries media, whether it has come for
// itself or is recovered.
func (s *Session) media(d *delivery, st *stream, h *rtpheader.Header, b []byte, f *format, l levels, info PacketInfo) {
	at := s.at(info.Arrival)
	silent := at - st.last
	if !info.Recovered {
		st.arrived(h, b, at)
		st.marked(info.ECN)
	}
	before := st.seq.highest
	ext, a := st.seq.note(h.SequenceNumber, info.Recovered)
	if st.binding.redundant {
		if st.holes == nil {
			st.holes = new(holes)
		}
		st.holes.note(a, before, ext, st.timestamp, h.Timestamp, len(h.Payload(b)) == 0)
	}
	asked := false
	switch a {
	case arrivalDuplicate:
		st.count.Duplicates++
		return
	case arrivalOld:
		st.count.Discarded++
		return
	case arrivalFirst:
		if before != 0 {
			st.nacks.reset()
			st.jitter.restart()
			st.begin()
			s.wantKeyFrame(st, at) // whatever has happened, a decoder needs one
		}
	case arrivalNext:
		if ext > before+1 {
			s.gap(st, f, before+1, ext, at, silent)
		}
	case arrivalLate:
		asked = st.filled(ext)
	}
	if c := st.lane.current; c != st && (c == nil || at-c.last > takeBack) {
		st.enter(st.lane)
	}
	if h.Marker {
		st.count.Frames++
	}
	if info.Recovered {
		st.count.Recovered++
	} else if !asked {
		st.jitter.note(at, h.Timestamp, f.clockRate)
	}
	if a != arrivalLate {
		st.timestamp = h.Timestamp
	}
	if f.kind == formatRED {
		s.unpack(d, st, h, b, ext, a, info)
		return
	}
	st.carries(h.PayloadType, f, a)
	d.add(st, h, b, ext, l, info)
}

// carries notes the format of a packet as the track's.
func (st *stream) carries(payloadType uint8, f *format, a arrival) {
	if a == arrivalLate || st.format == f && st.payloadType == payloadType {
		return
	}
	t := st.lane.track
	t.payloadType.Store(uint32(payloadType))
	st.payloadType = payloadType
	if f.codec != nil {
		st.format = f
		t.codec.Store(f.codec)
	} else if t.codec.Load() == nil {
		t.codec.Store(st.binding.codec())
	}
}

// codec returns the first codec of the binding, nil if it has none.
func (b *binding) codec() *codec.Codec {
	for i := range b.formats {
		if c := b.formats[i].codec; c != nil {
			return c
		}
	}
	return nil
}

// add puts a packet into the delivery.
func (d *delivery) add(st *stream, h *rtpheader.Header, b []byte, ext uint64, l levels, info PacketInfo) {
	t := st.lane.track
	d.items = append(d.items, item{levels: l, track: t, order: st.order(ext)})
	it := &d.items[len(d.items)-1]
	it.packet = Packet{Header: *h, Payload: h.Payload(b), Raw: b, PacketInfo: info}
	it.announce = !t.announced.Load() && t.announced.CompareAndSwap(false, true)
}

// reserve makes room in the scratch space for n more bytes. What is there already
// stays where it is.
func (d *delivery) reserve(n int) {
	if cap(d.scratch)-len(d.scratch) < n {
		d.scratch = make([]byte, 0, max(n, 2048))
	}
}

// gap deals with packets that are missing: those from ext on, before end, which
// has come after a silence.
func (s *Session) gap(st *stream, f *format, ext, end uint64, at, silent time.Duration) {
	if !f.nack {
		return
	}
	// After an outage most of what was lost is too old to be of use.
	stale := silent >= maxNackAge && end-ext > maxStale
	if !stale {
		if due, ok := st.nacks.gap(ext, end, at, s.repairRTT()); ok {
			s.nackDue = sooner(s.nackDue, due)
			if !st.nacking {
				st.nacking = true
				s.nacking = append(s.nacking, st)
			}
			return
		}
	}
	st.nacks.reset()
	s.wantKeyFrame(st, at)
}

// filled takes a packet that was missing off the list of those, and reports
// whether it had been asked for.
func (st *stream) filled(ext uint64) bool {
	m, ok := st.nacks.arrived(ext)
	return ok && m.tries > 0
}
