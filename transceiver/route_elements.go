package transceiver

import (
	"github.com/parleyrtc/webrtc/transceiver/extension"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// An element is a header extension that the session reads.
type element uint8

const (
	elementNone element = iota
	elementMid
	elementRID
	elementRepairedRID
	elementTransport
	elementLevel
	elementMixedLevels
)

var elementURIs = map[string]element{
	extension.MID:             elementMid,
	extension.RID:             elementRID,
	extension.RepairedRID:     elementRepairedRID,
	extension.TransportCC:     elementTransport,
	extension.TransportCC2:    elementTransport,
	extension.AudioLevel:      elementLevel,
	extension.MixerAudioLevel: elementMixedLevels,
}

// elements are the header extensions of a packet, as far as the session reads
// them. They alias the packet.
type elements struct {
	mid, rid, repairedRID []byte
	levels                levels
	hasTransport          bool
	transport             uint16 // transport-wide sequence number
}

// read finds the elements of the packet b with the header h.
func (t *table) read(h *rtpheader.Header, b []byte) (e elements) {
	if !h.HasExtension {
		return e
	}
	for id, data := range h.Extensions(b) {
		switch t.elements[id] {
		case elementMid:
			e.mid = data
		case elementRID:
			e.rid = data
		case elementRepairedRID:
			e.repairedRID = data
		case elementTransport:
			if n, err := extension.ParseTransportCC(data); err == nil {
				e.hasTransport, e.transport = true, n
			}
		case elementLevel:
			e.levels.client = data
		case elementMixedLevels:
			e.levels.mixed = data
		}
	}
	return e
}
