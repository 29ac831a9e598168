package transceiver

import (
	"encoding/binary"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// osnSize is the length of the original sequence number in front of the payload
// of a retransmission (RFC 4588 §4).
const osnSize = 2

// repair unwraps a retransmission in place and gives it to the stream that it
// repairs.
func (s *Session) repair(d *delivery, st *stream, h *rtpheader.Header, b []byte, f *format, info PacketInfo) {
	original, payload := st.binding.format(f.apt), h.Payload(b)
	var p *stream
	var osn uint16
	if len(payload) >= osnSize {
		osn = binary.BigEndian.Uint16(payload)
		var wait bool
		if p, wait = s.primaryOf(st, f.apt, osn, s.at(info.Arrival)); wait {
			s.park(st, b, info)
			return
		}
	}
	at := s.at(info.Arrival)
	st.repair = true
	st.arrived(h, b, at)
	if _, a := st.seq.note(h.SequenceNumber, false); !a.fresh() {
		st.count.Duplicates++
		return
	}
	if len(payload) < osnSize {
		return // padding, which probes for bandwidth
	}
	if p == nil || original.kind != formatMedia && original.kind != formatRED {
		st.count.Discarded++
		return
	}
	if asked, once := p.nacks.asked(p.seq.extend(osn)); once {
		s.repairSample(at - asked) // the answer to the only request: a round trip
	}
	if st.primary != p {
		st.primary = p
		p.lane.track.rtx.Store(st.ssrc)
	}
	// RFC 4588 §4: the payload is the original one behind the original sequence
	// number; timestamp, marker and contributing sources are the original's. The
	// header moves over the number.
	copy(b[osnSize:], b[:h.Size()])
	b = b[osnSize:]
	rtpheader.SetSequenceNumber(b, osn)
	rtpheader.SetPayloadType(b, f.apt)
	rtpheader.SetSSRC(b, p.ssrc)
	if h.Parse(b) != nil {
		return
	}
	p.count.RetransmittedPackets++
	p.count.RetransmittedBytes += uint64(len(payload) - osnSize)
	info.Recovered = true
	s.media(d, p, h, b, original, s.table.read(h, b).levels, info)
}

// primaryOf returns the stream that st repairs, which has a lane, for the packet
// with the original sequence number. If there is none yet that could be it, wait
// says whether there may be one.
func (s *Session) primaryOf(st *stream, apt uint8, osn uint16, at time.Duration) (p *stream, wait bool) {
	if known, ok := s.table.ssrcs[st.ssrc]; ok && known.binding == st.binding && known.primary != 0 {
		// a=ssrc-group:FID (RFC 5576 §4.2).
		return s.announced(known.primary, st)
	}
	rid := st.repaired
	if rid == "" {
		// RFC 8852 §3.2 has another extension for these; some senders use the one
		// of the media.
		rid = st.rid
	}
	if rid != "" || len(st.binding.rids) == 0 {
		l := st.binding.lane(rid)
		if l == nil {
			return nil, false
		}
		// What comes after the track's SSRC has changed repairs the former one,
		// whose numbers mean nothing to the new.
		if p := st.primary; p != nil && p.lane == l && at-p.last <= takeBack {
			return p, false
		}
		return l.current, l.current == nil
	}
	if p := st.primary; p != nil && p.lane != nil && p.lane.current == p {
		return p, false
	}
	// RFC 4588 §5.3: a receiver finds the association by the packets that it has
	// asked for. It is that of the one stream that misses this one.
	for _, l := range st.binding.rids {
		c := l.current
		if c == nil || c.payloadType != apt || !c.nacks.wants(c.seq.extend(osn)) {
			continue
		}
		if p != nil {
			return nil, false
		}
		p = c
	}
	return p, false
}

// announced returns the stream of an SSRC that the peer has announced to be
// repaired by st. It need not have sent anything yet, but must have a lane.
func (s *Session) announced(ssrc uint32, st *stream) (p *stream, wait bool) {
	p = s.streams[ssrc]
	if p == nil {
		p = s.admit(ssrc, st)
	}
	if p.binding == nil && !s.table.place(p, 0) || p.binding != st.binding {
		return nil, true
	}
	if p.lane == nil {
		l := s.table.laneOf(p)
		if l == nil {
			return nil, true
		}
		p.enter(l)
		s.settled()
	}
	return p, false
}

// repairRTT returns the round trip that requests for packets are timed by.
func (s *Session) repairRTT() time.Duration {
	if rtt := s.RTT(); rtt > 0 {
		return rtt
	}
	if s.measured > 0 {
		return s.measured
	}
	return assumedRTT
}

// repairSample takes the time that a request for a packet took to be answered as
// a round trip, which stands in for that of reports: a session that sends no
// media may have none.
func (s *Session) repairSample(d time.Duration) {
	if s.measured == 0 {
		s.measured = d
	}
	s.measured += (d - s.measured) / 8
}
