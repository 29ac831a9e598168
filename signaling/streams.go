package signaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// maxStreams bounds what is kept of the streams that a section names: sources,
// stream ids and RIDs. Senders have a handful.
const maxStreams = 64

// remoteMsids returns the media streams that the track of a section belongs to,
// as a=msid has them (RFC 8830), else as the a=ssrc lines of older peers do. A
// stream "-" is none.
func remoteMsids(m *sdp.Media) []sdp.Msid {
	if len(m.Msids) > 0 {
		return bounded(m.Msids)
	}
	var list []sdp.Msid
	for _, s := range m.SSRCs {
		if s.Attribute != "msid" {
			continue
		}
		id, ok := sourceMsid(s.Value)
		// A section has one track (RFC 9429 §5.2.1). Those of others are of peers
		// that put all of a kind into one section, which is not supported.
		if !ok || len(list) > 0 && list[0].Track != id.Track {
			continue
		}
		if len(list) < maxStreams && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// checkTracks says whether no track of a remote description stands in two sections.
//
// RFC 8830 §2: "Multiple media descriptions with the same value for msid-id and
// msid-appdata are not permitted." Those that send nothing may name what they have sent
// once (RFC 9429 §5.2.2).
func checkTracks(c *content, kind Type) error {
	at := map[sdp.Msid]int{}
	for i, m := range c.Media {
		if unusable(m) || !c.direction(i).Sends() {
			continue
		}
		for _, id := range m.Msids {
			if id.Track == "" {
				continue
			}
			if first, ok := at[id]; ok && first != i {
				// webrtc-pc §4.4.1.5: "For all other errors, reject p with a newly created
				// OperationError."
				return &rtcerr.OperationError{Err: fmt.Errorf("%s of the remote %s has the track %q of the stream %q, which %s has", section(i, m), kind, id.Track, id.Stream, section(first, c.Media[first]))}
			}
			at[id] = i
		}
	}
	return nil
}

// sourceMsid reads the value of "a=ssrc:1 msid:stream track".
func sourceMsid(value string) (sdp.Msid, bool) {
	fields := strings.Fields(value)
	if len(fields) == 0 || len(fields) > 2 {
		return sdp.Msid{}, false
	}
	id := sdp.Msid{Stream: fields[0]}
	if len(fields) == 2 {
		id.Track = fields[1]
	}
	return id, true
}

func bounded[T any](list []T) []T { return slices.Clone(list[:min(len(list), maxStreams)]) }

// sources returns the streams that a section names by SSRC, in their order, with
// what repairs each (RFC 5576 §4.1, §4.2; RFC 4588 §8.8 for FID; RFC 5956 §4.3 for
// FEC-FR).
func sources(m *sdp.Media) []Source {
	var list []Source
	at := map[uint32]int{}
	repairs := map[uint32]bool{}
	for _, g := range m.SSRCGroups {
		if g.Semantics == "FID" || g.Semantics == "FEC-FR" {
			for _, ssrc := range g.SSRCs[min(1, len(g.SSRCs)):] {
				repairs[ssrc] = true
			}
		}
	}
	for _, s := range m.SSRCs {
		i, known := at[s.ID]
		if repairs[s.ID] || !known && len(list) == maxStreams {
			continue
		}
		if !known {
			i = len(list)
			at[s.ID] = i
			list = append(list, Source{SSRC: s.ID})
		}
		switch s.Attribute {
		case "cname":
			list[i].CNAME = s.Value
		case "msid":
			if id, ok := sourceMsid(s.Value); ok && len(list[i].Msids) < maxStreams {
				list[i].Msids = append(list[i].Msids, id)
			}
		}
	}
	for _, g := range m.SSRCGroups {
		if len(g.SSRCs) < 2 {
			continue
		}
		i, known := at[g.SSRCs[0]]
		switch {
		case !known:
		case g.Semantics == "FID" && list[i].RTX == 0:
			list[i].RTX = g.SSRCs[1]
		case g.Semantics == "FEC-FR" && list[i].FEC == 0:
			list[i].FEC = g.SSRCs[1]
		}
	}
	return list
}

// rids returns the RIDs of one direction of a=simulcast that a=rid lines of the
// direction define, in their order: of each stream the first alternative
// (webrtc-pc §4.4.1.5: "using only the first value if comma-separated
// alternatives exist"), each once.
//
// RFC 9429 §5.8.3: "All RID values referenced in an "a=simulcast" line MUST exist
// as "a=rid" lines"; others are left out.
func rids(m *sdp.Media, direction string) []sdp.SimulcastRID {
	if m.Simulcast == nil {
		return nil
	}
	streams := m.Simulcast.Send
	if direction == "recv" {
		streams = m.Simulcast.Recv
	}
	defined := map[string]bool{}
	for _, r := range m.RIDs {
		if r.Direction == direction {
			defined[r.ID] = true
		}
	}
	var list []sdp.SimulcastRID
	for _, alternatives := range streams {
		i := slices.IndexFunc(alternatives, func(r sdp.SimulcastRID) bool { return defined[r.ID] })
		if i >= 0 && len(list) < maxStreams {
			list = append(list, alternatives[i])
			delete(defined, alternatives[i].ID)
		}
	}
	return list
}

// ridNames returns the names alone.
func ridNames(list []sdp.SimulcastRID) []string {
	var names []string
	for _, r := range list {
		names = append(names, r.ID)
	}
	return names
}

// putRIDs writes a=rid lines for streams, and a=simulcast if there are any
// (RFC 8853 §5.1).
func putRIDs(m *sdp.Media, direction string, names []string) {
	if len(names) == 0 {
		return
	}
	if m.Simulcast == nil {
		m.Simulcast = &sdp.Simulcast{}
	}
	for _, name := range names {
		m.RIDs = append(m.RIDs, sdp.RID{ID: name, Direction: direction})
		stream := []sdp.SimulcastRID{{ID: name}}
		if direction == "recv" {
			m.Simulcast.Recv = append(m.Simulcast.Recv, stream)
		} else {
			m.Simulcast.Send = append(m.Simulcast.Send, stream)
		}
	}
}

// putSender writes what a section says of the sender.
//
// RFC 9429 §5.2.1: "If the RtpTransceiver has a sendrecv or sendonly direction:
// For each MediaStream that was associated with the transceiver when it was
// created via addTrack or addTransceiver, an "a=msid" line"; one with "-" if there
// is none (RFC 8830 §2).
func putSender(m *sdp.Media, t *Transceiver, names []string, cname string) {
	for _, id := range streamIDs(t) {
		m.Msids = append(m.Msids, sdp.Msid{Stream: id, Track: t.TrackID})
	}
	putRIDs(m, "send", names)
	if len(names) > 0 || len(t.Encodings) == 0 || t.Encodings[0].SSRC == 0 {
		return // Streams with RIDs are known by them.
	}
	// RFC 9429 does without a=ssrc lines, but peers without the header extension
	// of RFC 9143 §15 need them, and browsers write them.
	e := t.Encodings[0]
	putSource(m, e.SSRC, t, cname)
	if e.RTX != 0 && slices.ContainsFunc(m.RTPMaps, func(r sdp.RTPMap) bool { return strings.EqualFold(r.Encoding, "rtx") }) {
		putSource(m, e.RTX, t, cname)
		m.SSRCGroups = append(m.SSRCGroups, sdp.SSRCGroup{Semantics: "FID", SSRCs: []uint32{e.SSRC, e.RTX}})
	}
}

func putSource(m *sdp.Media, ssrc uint32, t *Transceiver, cname string) {
	if cname != "" {
		// RFC 5576 §6.1: the CNAME is that of the source's RTCP SDES.
		m.SSRCs = append(m.SSRCs, sdp.SSRC{ID: ssrc, Attribute: "cname", Value: cname})
	}
	if t.TrackID != "" {
		m.SSRCs = append(m.SSRCs, sdp.SSRC{ID: ssrc, Attribute: "msid", Value: streamIDs(t)[0] + " " + t.TrackID})
	}
}

// streamIDs returns the stream ids of a transceiver's a=msid lines, each once.
func streamIDs(t *Transceiver) []string {
	var list []string
	for _, id := range t.StreamIDs {
		if id != "" && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return []string{"-"}
	}
	return list
}
