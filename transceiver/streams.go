package transceiver

const (
	// spareStreams and streamsPerReceiver bound the streams of a session: what
	// was announced, and so many more, in all and for each receiver. A peer may
	// use any number of SSRCs.
	spareStreams       = 64
	streamsPerReceiver = 16
)

// admit makes the stream of an SSRC that has none. If there are too many, one
// that has been silent since it was last looked at makes room, but not keep.
func (s *Session) admit(ssrc uint32, keep *stream) *stream {
	st := &stream{ssrc: ssrc}
	limit := spareStreams + streamsPerReceiver*len(s.table.bindings) + len(s.table.ssrcs)
	if len(s.ring) < limit {
		s.ring = append(s.ring, st)
	} else {
		at := s.victim(keep)
		s.evict(s.ring[at])
		s.ring[at] = st
	}
	s.streams[ssrc] = st
	return st
}

// victim returns the place in the ring of the stream to be forgotten: the first
// that is neither announced nor recent, where a second look finds none recent
// that has not sent since the first. That is little work for each packet of a
// flood, which lets go of its own streams first.
func (s *Session) victim(keep *stream) int {
	for range 2 * len(s.ring) {
		s.hand = (s.hand + 1) % len(s.ring)
		st := s.ring[s.hand]
		if _, announced := s.table.ssrcs[st.ssrc]; announced && st.binding != nil || st == keep {
			continue
		}
		if !st.recent {
			return s.hand
		}
		st.recent = false
	}
	for s.hand = (s.hand + 1) % len(s.ring); s.ring[s.hand] == keep; {
		s.hand = (s.hand + 1) % len(s.ring)
	}
	return s.hand
}

// evict forgets a stream, its SRTP state included.
func (s *Session) evict(st *stream) {
	st.leave()
	delete(s.streams, st.ssrc)
	if s.opener != nil {
		s.opener.Forget(st.ssrc)
	}
	if s.congestion != nil {
		s.congestion.Forget(st.ssrc)
	}
	s.stats.Evicted++
}
