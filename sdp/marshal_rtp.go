package sdp

import "cmp"

// codecs writes what belongs to payload types: first all names, then all
// parameters, then all feedback (RFC 9429 §5.2.1).
func (w *writer) codecs(m *Media) {
	for _, r := range m.RTPMaps {
		w.raw("a=rtpmap:")
		w.number(uint64(r.PayloadType))
		w.raw(" ")
		w.token(r.Encoding)
		w.raw("/")
		w.number(uint64(r.ClockRate))
		if r.Channels != 0 {
			w.raw("/")
			w.number(uint64(r.Channels))
		}
		w.end()
	}
	for _, f := range m.FMTPs {
		w.raw("a=fmtp:")
		w.token(f.Format)
		w.optional(f.Parameters)
		w.end()
	}
	for _, f := range m.RTCPFBs {
		w.raw("a=rtcp-fb:")
		w.token(f.Format)
		w.raw(" ")
		w.token(f.Type)
		w.optional(f.Parameter)
		w.end()
	}
	if m.PTime > 0 {
		w.numberLine("a=ptime:", uint64(m.PTime))
	}
	if m.MaxPTime > 0 {
		w.numberLine("a=maxptime:", uint64(m.MaxPTime))
	}
}

// extmaps writes a=extmap (RFC 8285 §8).
func (w *writer) extmaps(list []Extmap) {
	for _, e := range list {
		w.raw("a=extmap:")
		w.number(uint64(e.ID))
		if e.Direction != DirectionUnspecified {
			w.raw("/")
			w.raw(e.Direction.String())
		}
		w.raw(" ")
		w.token(e.URI)
		w.optional(e.Attributes)
		w.end()
	}
}

// streams writes what names the RTP streams of a section.
func (w *writer) streams(m *Media) {
	for _, v := range m.Msids {
		w.raw("a=msid:")
		w.token(cmp.Or(v.Stream, "-"))
		w.optional(v.Track)
		w.end()
	}
	for _, g := range m.SSRCGroups {
		w.raw("a=ssrc-group:")
		w.token(g.Semantics)
		for _, id := range g.SSRCs {
			w.raw(" ")
			w.number(uint64(id))
		}
		w.end()
	}
	for _, s := range m.SSRCs {
		w.raw("a=ssrc:")
		w.number(uint64(s.ID))
		w.raw(" ")
		w.token(s.Attribute)
		if s.Value != "" {
			w.raw(":")
			w.text(s.Value)
		}
		w.end()
	}
	for i := range m.RIDs {
		w.rid(&m.RIDs[i])
	}
	if m.Simulcast != nil {
		w.simulcast(m.Simulcast)
	}
}

// rid writes a=rid (RFC 8851 §10); pt= has to come first.
func (w *writer) rid(r *RID) {
	w.raw("a=rid:")
	w.token(r.ID)
	w.raw(" ")
	w.token(r.Direction)
	for i, pt := range r.PayloadTypes {
		if i == 0 {
			w.raw(" pt=")
		} else {
			w.raw(",")
		}
		w.number(uint64(pt))
	}
	for i, restriction := range r.Restrictions {
		if i == 0 && len(r.PayloadTypes) == 0 {
			w.raw(" ")
		} else {
			w.raw(";")
		}
		w.text(restriction)
	}
	w.end()
}

// simulcast writes a=simulcast (RFC 8853 §5.1).
func (w *writer) simulcast(s *Simulcast) {
	if len(s.Send)+len(s.Recv) == 0 {
		return
	}
	w.raw("a=simulcast:")
	w.simulcastList("send ", s.Send)
	if len(s.Send) > 0 && len(s.Recv) > 0 {
		w.raw(" ")
	}
	w.simulcastList("recv ", s.Recv)
	w.end()
}

func (w *writer) simulcastList(direction string, streams [][]SimulcastRID) {
	for i, alternatives := range streams {
		if i == 0 {
			w.raw(direction)
		} else {
			w.raw(";")
		}
		for j, rid := range alternatives {
			if j > 0 {
				w.raw(",")
			}
			if rid.Paused {
				w.raw("~")
			}
			w.token(rid.ID)
		}
	}
}
