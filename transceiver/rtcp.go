package transceiver

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/extension"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// maxReferences is of how many receivers reference times are answered.
const maxReferences = 16

// A reference is the last reference time of a receiver of ours (RFC 3611 §4.4).
type reference struct {
	ssrc   uint32
	middle uint32
	at     time.Duration
}

// rtcpReader is what RTCP packets are read into.
type rtcpReader struct {
	sr   feedback.SenderReport
	sdes feedback.Description
	bye  feedback.Goodbye
	xr   feedback.ExtendedReport
}

// control takes a decrypted RTCP compound: what it says of what arrives. in is
// held, as below. The sending half is given it after that.
func (s *Session) control(d *delivery, b []byte, now time.Time) {
	r := feedback.NewReader(b)
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		switch p.Kind() {
		case feedback.KindSenderReport:
			if s.read.sr.Parse(p) == nil {
				s.senderReport(d, &s.read.sr, s.at(now))
			}
		case feedback.KindDescription:
			if s.read.sdes.Parse(p) == nil {
				for _, i := range s.read.sdes.Items {
					s.described(d, i)
				}
			}
		case feedback.KindGoodbye:
			if s.read.bye.Parse(p) == nil {
				for _, ssrc := range s.read.bye.Sources {
					s.goodbye(d, ssrc)
				}
			}
		case feedback.KindExtendedReport:
			if s.read.xr.Parse(p) == nil {
				s.extended(d, &s.read.xr, now)
			}
		default:
			if p.Type == feedback.TypeApplication {
				s.about(d, p.Sender())
			}
		}
	}
	s.stats.Malformed += uint64(r.Malformed())
}

// about returns the stream of an SSRC, nil if there is none, and notes that the
// compound is about it.
func (s *Session) about(d *delivery, ssrc uint32) *stream {
	st := s.streams[ssrc]
	if st != nil && st.binding != nil && !slices.Contains(d.heard, st.binding.receiver) {
		d.heard = append(d.heard, st.binding.receiver)
	}
	return st
}

func (s *Session) senderReport(d *delivery, r *feedback.SenderReport, at time.Duration) {
	if st := s.about(d, r.SSRC); st != nil {
		st.sender = senderInfo{
			known: true, ntp: r.NTP, rtp: r.RTPTime, packets: r.Packets, octets: r.Octets,
			at: at, reports: st.sender.reports + 1,
		}
	}
}

// described takes an item of a source description.
func (s *Session) described(d *delivery, i feedback.Item) {
	st := s.about(d, i.SSRC)
	if st == nil {
		return
	}
	said := func(value *string) {
		if text, err := extension.ParseText(i.Text); err == nil && *value == "" {
			*value = string(text)
			st.move(s.table)
			s.settled()
		}
	}
	switch i.Type {
	case feedback.ItemCNAME:
		if st.cname != string(i.Text) {
			st.cname = string(i.Text)
		}
	// RFC 9143 §9.2 has the same rules for a MID in SDES as for one in a packet,
	// RFC 8852 §4 for RIDs. Packets know better; these help where they were lost.
	case feedback.ItemMID:
		said(&st.mid)
	case feedback.ItemRID:
		said(&st.rid)
	case feedback.ItemRepairedRID:
		said(&st.repaired)
	}
}

// goodbye ends a source (RFC 3550 §6.3.4). Should it send again it begins anew.
func (s *Session) goodbye(d *delivery, ssrc uint32) {
	st := s.about(d, ssrc)
	if st == nil || st.ended {
		return
	}
	st.ended = true
	st.heard = false
	st.seq.stop()
	st.nacks.reset()
	st.keyFrame.wanted = false
	if st.binding != nil && st.lane != nil {
		if st.lane.current == st {
			st.lane.track.announced.Store(false)
		}
		d.byes = append(d.byes, bye{st.binding.receiver, ssrc})
	}
}

// extended takes an extended report (RFC 3611): reference times are answered with
// the next report, answers to ours tell the round-trip time.
func (s *Session) extended(d *delivery, x *feedback.ExtendedReport, now time.Time) {
	s.about(d, x.Sender)
	if x.ReferenceTime != 0 {
		r := reference{x.Sender, uint32(x.ReferenceTime >> 16), s.at(now)}
		i := slices.IndexFunc(s.references, func(o reference) bool { return o.ssrc == r.ssrc })
		switch {
		case i >= 0:
			s.references[i] = r
		case len(s.references) < maxReferences:
			s.references = append(s.references, r)
		}
	}
	for _, delay := range x.Delays {
		if s.referenceSSRC == 0 || delay.SSRC != s.referenceSSRC {
			continue
		}
		rtt, ok := feedback.RTT(now, delay.LastReference, delay.Delay)
		if !ok || rtt > maxRTT {
			continue
		}
		s.noteRTT(rtt)
		// The way to the peer is that of all that it sends here.
		for _, st := range s.ring {
			if st.sender.known {
				st.trips.add(rtt)
			}
		}
	}
}

// report sends the reports that are due: those of both halves.
func (s *Session) report(now time.Time) {
	if !s.out.reportsDue(now) {
		return
	}
	c := compoundPool.Get().(*compounds)
	defer compoundPool.Put(c)
	var x feedback.ExtendedReport
	x.Sender = s.out.ssrc()
	s.in.Lock()
	at := s.at(now)
	c.blocks = s.appendReports(c.blocks[:0], at)
	for _, r := range s.references {
		x.Delays = append(x.Delays, feedback.ReceiverDelay{SSRC: r.ssrc, LastReference: r.middle, Delay: feedback.Delay(at - r.at)})
	}
	s.references = s.references[:0]
	if len(c.blocks) > 0 {
		// RFC 3611 §4.4: a receiver that sends nothing learns the round-trip time so.
		// Who does not know these reports passes over them (RFC 3550 §6.1).
		x.ReferenceTime, s.referenceSSRC = feedback.NTP(now), x.Sender
	}
	s.in.Unlock()
	const perCompound = 31 // RFC 3550 §6.4.1
	rest := c.blocks
	for s.out.reportsDue(now) || len(rest) > 0 {
		n := min(len(rest), perCompound)
		c.buf = s.out.appendReports(c.buf[:0], now, rest[:n])
		rest = rest[n:]
		c.buf = x.Append(c.buf)
		x = feedback.ExtendedReport{}
		if err := s.out.sendRTCP(now, c.buf); err != nil {
			s.log.Debug("report not sent", "reason", err)
		}
	}
}

// appendReports appends a reception report on each source that has sent since the
// last: RFC 3550 §6.4 wants one "for each of the synchronization sources from which
// this receiver has received RTP data packets since the last report". in is held.
func (s *Session) appendReports(dst []feedback.ReportBlock, at time.Duration) []feedback.ReportBlock {
	for _, st := range s.ring {
		if st.heard && st.binding != nil {
			st.heard = false
			dst = append(dst, st.report(at))
		}
	}
	return dst
}
