package srtptransport

// A source is the state of one SSRC in one direction. A window without bits has
// not been needed yet.
type source struct{ rtp, rtcp window }

// A remnant is what stays of a source that was forgotten: the lowest indices
// that it has not used.
type remnant struct{ rtp, rtcp uint64 }

// sources are the SSRCs of one direction.
type sources struct {
	live map[uint32]*source
	gone map[uint32]remnant
	// order has the keys of gone, the oldest at first; it is a ring once it has
	// remnants of them. It stays empty where none may be dropped.
	order []uint32
	first int
	// limit is how many live ones there may be, remnants how many that are gone, 0
	// for any number.
	limit, remnants int
}

func newSources(limit, remnants int) sources {
	return sources{live: map[uint32]*source{}, gone: map[uint32]remnant{}, limit: limit, remnants: remnants}
}

// full reports whether there is no room for an SSRC that is not live.
func (s *sources) full() bool { return len(s.live) >= s.limit }

// floors returns the lowest indices that an SSRC that is not live may use.
func (s *sources) floors(ssrc uint32) remnant { return s.gone[ssrc] }

// add makes an SSRC live that is not.
func (s *sources) add(ssrc uint32) *source {
	r := s.gone[ssrc]
	src := &source{rtp: window{next: r.rtp, floor: r.rtp}, rtcp: window{next: r.rtcp, floor: r.rtcp}}
	s.live[ssrc] = src
	return src
}

// forget makes an SSRC a remnant and reports whether it was live.
func (s *sources) forget(ssrc uint32) bool {
	src := s.live[ssrc]
	if src == nil {
		return false
	}
	delete(s.live, ssrc)
	_, was := s.gone[ssrc]
	s.gone[ssrc] = remnant{src.rtp.next, src.rtcp.next}
	switch {
	case was || s.remnants == 0:
	case len(s.order) < s.remnants:
		s.order = append(s.order, ssrc)
	default:
		delete(s.gone, s.order[s.first])
		s.order[s.first] = ssrc
		s.first = (s.first + 1) % len(s.order)
	}
	return true
}
