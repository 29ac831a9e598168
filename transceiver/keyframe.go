package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
)

// minKeyFrameInterval is the shortest time between two requests to one stream;
// a longer round trip lengthens it, because the answer to the first takes that, but
// not beyond maxKeyFrameInterval: the round trip is what the peer says, and what
// the clock said when it was set.
const minKeyFrameInterval, maxKeyFrameInterval = 200 * time.Millisecond, 2 * time.Second

// keyFrameRequest is the state of a stream's requests for key frames.
type keyFrameRequest struct {
	wanted bool
	from   time.Duration // when the next may be sent
	fir    uint8         // number of the last FIR
}

// wantKeyFrame has a key frame of a video stream requested as soon as the last
// request is old enough. in is held.
func (s *Session) wantKeyFrame(st *stream, at time.Duration) bool {
	f := st.format
	if st.lane == nil || st.lane.track.receiver.kind != codec.Video || f == nil || !f.pli && !f.fir {
		return false
	}
	k := &st.keyFrame
	if !k.wanted {
		k.wanted = true
		s.wanting = append(s.wanting, st)
	}
	s.keyFrameDue = sooner(s.keyFrameDue, max(at, k.from))
	return true
}

// requestDueKeyFrames sends the requests that are due.
func (s *Session) requestDueKeyFrames(c *compounds, at time.Duration) {
	s.keyFrameDue = 0
	rest := s.wanting[:0]
	for _, st := range s.wanting {
		k, f := &st.keyFrame, st.format
		if !k.wanted || f == nil {
			k.wanted = false
			continue
		}
		if k.from > at {
			s.keyFrameDue = sooner(s.keyFrameDue, k.from)
			rest = append(rest, st)
			continue
		}
		k.wanted, k.from = false, at+min(max(minKeyFrameInterval, s.repairRTT()), maxKeyFrameInterval)
		if f.pli {
			st.count.PLIs++
		} else {
			// RFC 5104 §4.3.1.1: each new command has the next number, modulo 256;
			// that of a repetition, which we do not send, is the same.
			k.fir++
			st.count.FIRs++
		}
		c.keyFrame(st.ssrc, !f.pli, k.fir)
	}
	clear(s.wanting[len(rest):])
	s.wanting = rest
}

// requestKeyFrames asks for a key frame of a receiver's track, of all of them if it
// is nil.
func (s *Session) requestKeyFrames(now time.Time, r *Receiver, t *Track) {
	s.in.Lock()
	at := s.at(now)
	if b := s.table.of(r); b != nil {
		b.lanes(func(l *lane) {
			if l.current != nil && (t == nil || l.track == t) {
				s.wantKeyFrame(l.current, at)
			}
		})
	}
	s.in.Unlock()
	s.service(now, false)
}
