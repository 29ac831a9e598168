package sdp

import "slices"

// Clone returns a copy that shares nothing that can be changed with s.
func (s *Session) Clone() *Session {
	c := *s
	c.Groups = slices.Clone(s.Groups)
	for i := range c.Groups {
		c.Groups[i].Mids = slices.Clone(c.Groups[i].Mids)
	}
	c.MsidSemantic = slices.Clone(s.MsidSemantic)
	c.Transport = s.Transport.Clone()
	c.Bandwidths = slices.Clone(s.Bandwidths)
	c.Extmaps = slices.Clone(s.Extmaps)
	c.Attributes = slices.Clone(s.Attributes)
	c.Media = slices.Clone(s.Media)
	for i, m := range c.Media {
		c.Media[i] = m.Clone()
	}
	return &c
}

// Clone returns a copy with slices of its own.
func (t Transport) Clone() Transport {
	t.ICEOptions = slices.Clone(t.ICEOptions)
	t.Fingerprints = slices.Clone(t.Fingerprints)
	return t
}

// Clone returns a copy that shares nothing that can be changed with m.
func (m *Media) Clone() *Media {
	c := *m
	c.Formats = slices.Clone(m.Formats)
	c.Bandwidths = slices.Clone(m.Bandwidths)
	c.Transport = m.Transport.Clone()
	c.Candidates = slices.Clone(m.Candidates)
	c.RTPMaps = slices.Clone(m.RTPMaps)
	c.FMTPs = slices.Clone(m.FMTPs)
	c.RTCPFBs = slices.Clone(m.RTCPFBs)
	c.Extmaps = slices.Clone(m.Extmaps)
	c.Msids = slices.Clone(m.Msids)
	c.SSRCs = slices.Clone(m.SSRCs)
	c.SSRCGroups = slices.Clone(m.SSRCGroups)
	for i := range c.SSRCGroups {
		c.SSRCGroups[i].SSRCs = slices.Clone(c.SSRCGroups[i].SSRCs)
	}
	c.RIDs = slices.Clone(m.RIDs)
	for i := range c.RIDs {
		c.RIDs[i].PayloadTypes = slices.Clone(c.RIDs[i].PayloadTypes)
		c.RIDs[i].Restrictions = slices.Clone(c.RIDs[i].Restrictions)
	}
	if m.Simulcast != nil {
		c.Simulcast = &Simulcast{Send: cloneStreams(m.Simulcast.Send), Recv: cloneStreams(m.Simulcast.Recv)}
	}
	if m.MaxMessageSize != nil {
		size := *m.MaxMessageSize
		c.MaxMessageSize = &size
	}
	c.Attributes = slices.Clone(m.Attributes)
	c.unread = slices.Clone(m.unread)
	return &c
}

func cloneStreams(list [][]SimulcastRID) [][]SimulcastRID {
	list = slices.Clone(list)
	for i := range list {
		list[i] = slices.Clone(list[i])
	}
	return list
}
