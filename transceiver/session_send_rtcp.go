package transceiver

import (
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// feedbackReaders are what RTCP packets are read into.
var feedbackReaders = sync.Pool{New: func() any { return new(feedbackReader) }}

type feedbackReader struct {
	sr   feedback.SenderReport
	rr   feedback.ReceiverReport
	nack feedback.Nack
	pli  feedback.PictureLoss
	fir  feedback.FullIntra
	remb feedback.MaxBitrate
	ccfb feedback.CongestionFeedback
	told []*SendStream
}

// handleRTCP takes one packet of a compound that has arrived: what it says of
// what was sent. Handlers are called before it returns. A packet that is
// malformed is passed over.
func (o *sendHalf) handleRTCP(now time.Time, p feedback.Packet) {
	if len(*o.streams.Load()) == 0 {
		return
	}
	r := feedbackReaders.Get().(*feedbackReader)
	defer feedbackReaders.Put(r)
	r.told = r.told[:0]
	switch p.Kind() {
	case feedback.KindSenderReport:
		if r.sr.Parse(p) == nil {
			o.reported(now, r, r.sr.Reports)
		}
	case feedback.KindReceiverReport:
		if r.rr.Parse(p) == nil {
			o.reported(now, r, r.rr.Reports)
		}
	case feedback.KindNack:
		if r.nack.Parse(p) == nil {
			if st := r.about(o.stream(r.nack.Media)); st != nil && st.SSRC() == r.nack.Media {
				st.resend(now, r.nack.Sequences, o.s.RTT())
			}
		}
	case feedback.KindPictureLoss:
		if r.pli.Parse(p) == nil {
			st := r.about(o.stream(r.pli.Media))
			if st != nil && st.pictureLost(now, o.s.RTT()) {
				st.wantKeyFrame()
			}
		}
	case feedback.KindFullIntra:
		if r.fir.Parse(p) == nil {
			for _, q := range r.fir.Requests {
				st := r.about(o.stream(q.SSRC))
				if st != nil && st.intraRequested(now, o.s.RTT(), r.fir.Sender, q.Sequence) {
					st.wantKeyFrame()
				}
			}
		}
	case feedback.KindMaxBitrate:
		if r.remb.Parse(p) == nil {
			o.estimated(r)
		}
	case feedback.KindCongestion:
		if r.ccfb.Parse(p) == nil {
			o.congested(r)
		}
	default:
		r.about(o.stream(p.Media()))
	}
	for i, st := range r.told {
		st.tell(p.Raw)
		r.told[i] = nil
	}
}

// about notes that a packet is about a stream, which may be nil, and returns it.
func (r *feedbackReader) about(st *SendStream) *SendStream {
	if st == nil {
		return nil
	}
	for _, known := range r.told {
		if known == st {
			return st
		}
	}
	r.told = append(r.told, st)
	return st
}

func (o *sendHalf) reported(now time.Time, r *feedbackReader, blocks []feedback.ReportBlock) {
	for i := range blocks {
		b := &blocks[i]
		st := r.about(o.stream(b.SSRC))
		if st == nil || st.SSRC() != b.SSRC {
			continue // none of ours, or its retransmissions
		}
		if rtt, ok := st.reported(now, b); ok {
			o.s.noteRTT(rtt)
		}
	}
}

// estimated passes on the peer's estimate, to all streams if it names none.
func (o *sendHalf) estimated(r *feedbackReader) {
	for _, ssrc := range r.remb.SSRCs {
		r.about(o.stream(ssrc))
	}
	if len(r.remb.SSRCs) == 0 {
		for _, st := range *o.streams.Load() {
			r.about(st)
		}
	}
	for _, st := range r.told {
		st.estimated(r.remb.Bitrate)
		if st.events.OnBitrate != nil {
			st.events.OnBitrate(r.remb.Bitrate)
		}
	}
}
