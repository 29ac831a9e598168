package transceiver

import (
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// compoundLimit is how long a compound of feedback may be, in bytes: what fits
// any path with its SRTCP overhead.
const compoundLimit = 1150

// compounds collects RTCP packets to be sent in as few compounds as they fit. It
// is pooled: it is filled with the session's lock and sent without.
type compounds struct {
	ssrc   uint32
	cname  string
	prefix bool // each begins with a report
	buf    []byte
	start  int   // of the last one
	head   int   // length of the last one's prefix
	ends   []int // of those before
	blocks []feedback.ReportBlock
	seqs   []uint16
}

var compoundPool = sync.Pool{New: func() any { return new(compounds) }}

// newCompounds returns an empty collection for the session.
func (s *Session) newCompounds() *compounds {
	c := compoundPool.Get().(*compounds)
	c.ssrc, c.cname, c.prefix = s.out.ssrc(), s.cfg.CNAME, !s.reducedSize.Load()
	c.buf, c.ends, c.blocks, c.seqs = c.buf[:0], c.ends[:0], c.blocks[:0], c.seqs[:0]
	c.begin()
	return c
}

// begin begins a compound.
func (c *compounds) begin() {
	c.start = len(c.buf)
	if c.prefix {
		// RFC 4585 §3.1: feedback stands in a compound behind an SR or RR and an
		// SDES with the CNAME, unless RFC 5506 is in use.
		c.buf = (&feedback.ReceiverReport{SSRC: c.ssrc}).Append(c.buf)
		c.buf = feedback.AppendCNAME(c.buf, c.ssrc, c.cname)
	}
	c.head = len(c.buf) - c.start
}

// room returns how many more bytes the compound may have, which is begun anew if
// it has less than need of them.
func (c *compounds) room(need int) int {
	if left := compoundLimit - (len(c.buf) - c.start); left >= need || c.empty() {
		return left
	}
	c.ends = append(c.ends, len(c.buf))
	c.begin()
	return compoundLimit - c.head
}

// empty reports whether the last compound has nothing but its prefix.
func (c *compounds) empty() bool { return len(c.buf)-c.start == c.head }

// send sends what was collected and gives the collection back.
func (c *compounds) send(s *Session, now time.Time) error {
	if !c.empty() {
		c.ends = append(c.ends, len(c.buf))
	}
	var failed error
	start := 0
	for _, end := range c.ends {
		if err := s.out.sendRTCP(now, c.buf[start:end:end]); err != nil {
			failed = err
		}
		start = end
	}
	compoundPool.Put(c)
	return failed
}

// nack appends requests for packets of a stream.
func (c *compounds) nack(media uint32, seqs []uint16) {
	const header, pair = 12, 4
	for len(seqs) > 0 {
		n := min(len(seqs), (c.room(header+16*pair)-header)/pair)
		c.buf = (&feedback.Nack{Sender: c.ssrc, Media: media, Sequences: seqs[:n]}).Append(c.buf)
		seqs = seqs[n:]
	}
}

// keyFrame appends a request for a key frame.
func (c *compounds) keyFrame(media uint32, fir bool, sequence uint8) {
	c.room(20)
	if fir {
		c.buf = (&feedback.FullIntra{Sender: c.ssrc, Requests: []feedback.IntraRequest{{SSRC: media, Sequence: sequence}}}).Append(c.buf)
		return
	}
	c.buf = feedback.PictureLoss{Sender: c.ssrc, Media: media}.Append(c.buf)
}

// Flush ends a batch of packets that were read together: the feedback that they
// made due is sent, and those who wait to read them are woken.
func (s *Session) Flush(now time.Time) {
	s.service(now, true)
	s.wakeReaders()
}

// service does what the receiving half has to do by now.
func (s *Session) service(now time.Time, push bool) {
	d := deliveries.Get().(*delivery)
	s.in.Lock()
	at := s.at(now)
	if push {
		s.deliverLate(d)
	}
	s.expire(now)
	s.unpark(d, at)
	var c *compounds
	if s.feedbackDue(now, at) {
		c = s.newCompounds()
		s.feedback(c, now, at)
	}
	s.settle(d)
	s.in.Unlock()
	if c != nil {
		if err := c.send(s, now); err != nil {
			// What was lost is asked for again, what is reported is not.
			s.log.Debug("feedback not sent", "reason", err)
		}
	}
	s.finish(d, now, push, nil, false)
}

// feedbackDue reports whether feedback has something to send. in is held.
func (s *Session) feedbackDue(now time.Time, at time.Duration) bool {
	return s.nackDue != 0 && s.nackDue <= at || s.keyFrameDue != 0 && s.keyFrameDue <= at ||
		s.transport != nil && s.transport.Due(now) || s.congestion != nil && s.congestion.Due(now)
}

// feedback collects the feedback that is due.
func (s *Session) feedback(c *compounds, now time.Time, at time.Duration) {
	if s.nackDue != 0 && s.nackDue <= at {
		s.requestMissing(c, at)
	}
	if s.keyFrameDue != 0 && s.keyFrameDue <= at {
		s.requestDueKeyFrames(c, at)
	}
	for s.transport != nil && s.transport.Due(now) {
		var ok bool
		if c.buf, ok = s.transport.Append(c.buf, c.room(feedback.MinFeedbackSize), c.ssrc, s.transportSSRC); !ok {
			break
		}
	}
	for s.congestion != nil && s.congestion.Due(now) {
		var ok bool
		if c.buf, ok = s.congestion.Append(c.buf, c.room(feedback.MinFeedbackSize), c.ssrc, now); !ok {
			break
		}
		s.stats.CongestionSent++
	}
}

// requestMissing asks for the packets that are missing and due.
func (s *Session) requestMissing(c *compounds, at time.Duration) {
	rtt := s.repairRTT()
	s.nackDue = 0
	s.nacking = slices.DeleteFunc(s.nacking, func(st *stream) bool {
		var lost int
		var next time.Duration
		c.seqs, lost, next = st.nacks.due(c.seqs[:0], at, rtt)
		if len(c.seqs) > 0 {
			st.count.NACKs++
			c.nack(st.ssrc, c.seqs)
		}
		if lost > 0 {
			s.wantKeyFrame(st, at) // what is given up spoils what follows it
		}
		s.nackDue = sooner(s.nackDue, next)
		st.nacking = len(st.nacks.missing) > 0
		return !st.nacking
	})
}
