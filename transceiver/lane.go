package transceiver

// A lane is a track and the stream that feeds it now.
type lane struct {
	track   *Track
	current *stream
}

// place finds the m-line that a stream belongs to, by what its packets have said,
// what the peer has announced, or its payload type; it reports whether there is
// one (RFC 9143 §9.2).
func (t *table) place(st *stream, payloadType uint8) bool {
	known, announced := t.ssrcs[st.ssrc]
	t.unlatch(st)
	switch {
	case st.mid != "":
		// "If the MID associated with the RTP stream is not in the table mapping a
		// MID to an "m=" section, then the RTP stream is not decoded".
		st.binding = t.mids[st.mid]
	case announced:
		st.binding = known.binding
	case st.latched != nil:
		st.binding = t.of(st.latched)
	default:
		// "If the payload type used by the RTP stream is in the payload type table,
		// update the incoming SSRC mapping table to include an entry that maps the
		// RTP stream's SSRC to the "m=" section for that payload type."
		if st.binding = t.payloadTypes[payloadType&0x7f]; st.binding != nil {
			st.latched = st.binding.receiver
		}
	}
	return st.binding != nil
}

// unlatch forgets what a payload type has said if that m-line is gone.
func (t *table) unlatch(st *stream) {
	if st.latched != nil && t.of(st.latched) == nil {
		st.latched = nil
	}
}

// laneOf returns the lane for the media of a stream that has a binding, nil if
// that is not known yet.
func (t *table) laneOf(st *stream) *lane {
	rid := st.rid
	if known, ok := t.ssrcs[st.ssrc]; ok && rid == "" && known.binding == st.binding && known.primary == 0 {
		if rid = known.rid; rid == "" {
			return st.binding.main
		}
	}
	return st.binding.lane(rid)
}

// inherit takes over from the table before what it knew of its streams, which
// find their places in this one. It reports of which receivers that receive now
// the peer was not to send anything before.
func (t *table) inherit(old *table, streams map[uint32]*stream) (resumed []*Receiver) {
	for _, b := range t.bindings {
		if before := old.of(b.receiver); before != nil && b.receiving && !before.receiving {
			resumed = append(resumed, b.receiver)
		}
	}
	for _, st := range streams {
		t.resettle(st)
	}
	return resumed
}

// resettle gives a stream its place in a new table. One that keeps its track goes
// on where it was.
func (t *table) resettle(st *stream) {
	old, was := st.lane, st.lane != nil && st.lane.current == st
	if st.binding == nil {
		return
	}
	st.binding, st.primary = nil, nil
	t.unlatch(st)
	if st.mid == "" && st.latched == nil {
		if _, announced := t.ssrcs[st.ssrc]; !announced {
			st.leave()
			return
		}
	}
	if !t.place(st, 0) {
		st.leave()
		return
	}
	if !st.binding.receiving {
		st.seq.stop()
		st.nacks.reset()
	}
	if old == nil {
		return
	}
	l := t.laneOf(st)
	if l == nil || l.track != old.track {
		st.leaveLane()
		return
	}
	st.lane = l
	if was {
		l.current = st
	}
	st.reformat()
}

// reformat finds the format of the stream's newest packet in a new table, so that
// a key frame can be asked for before another packet comes.
func (st *stream) reformat() {
	if st.format == nil {
		return
	}
	if st.format = st.binding.format(st.payloadType); st.format.codec == nil {
		st.format = nil // the next packet tells
	} else if st.lane.current == st {
		st.lane.track.codec.Store(st.format.codec)
	}
}
