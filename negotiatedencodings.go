package webrtc

import (
	"slices"

	"github.com/parleyrtc/webrtc/signaling"
)

// A ridlessEncoding is the one stream of a sender that has not been negotiated with
// several.
type ridlessEncoding struct {
	encoding  *senderEncoding
	parameter RTPEncodingParameters
}

// propose has the sender send what a remote offer asks for by name.
//
// webrtc-pc §4.4.1.5: "If a suitable transceiver was found (transceiver is set), and
// proposedSendEncodings is non-empty, ... If the length of
// transceiver.[[Sender]].[[SendEncodings]] is 1, and the lone encoding contains no rid
// member, set transceiver.[[Sender]].[[SendEncodings]] to proposedSendEncodings, and
// set transceiver.[[Sender]].[[LastReturnedParameters]] to null."
func (s *RTPSender) propose(rids []string) {
	if len(s.encodings) != 1 || s.byName || len(rids) == 0 {
		return
	}
	lone, track := s.encodings[0], s.tracks[0]
	if lone.rid != "" && !slices.Contains(rids, lone.rid) {
		return // the program's own track is named otherwise
	}
	s.ridless = &ridlessEncoding{lone, s.parameters[0]}
	s.encodings, s.tracks, s.parameters = nil, nil, nil
	for _, rid := range rids {
		e := RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}, Active: true}
		s.addEncoding(e, namedTrack{TrackLocal: track, kind: s.kind, rid: lone.rid})
	}
	s.encodings[0].rtcp = lone.rtcp // a program may be reading it
	s.byName, s.transaction = true, senderTransaction{}
}

// unpropose undoes propose. webrtc-pc §4.4.1.5, rollback: "If
// transceiver.[[Sender]].[[LastStableRidlessSendEncodings]] is not null, and any
// encoding in transceiver.[[Sender]].[[SendEncodings]] contains a rid member, then set
// transceiver.[[Sender]].[[SendEncodings]] to
// transceiver.[[Sender]].[[LastStableRidlessSendEncodings]]."
func (s *RTPSender) unpropose() {
	before := s.ridless
	if before == nil {
		return
	}
	var track TrackLocal // it may have been replaced meanwhile
	for _, t := range s.tracks {
		if t != nil {
			track = t
			break
		}
	}
	for _, e := range s.encodings[1:] {
		e.rtcp.close(errTrackEnded)
	}
	s.encodings, s.tracks = []*senderEncoding{before.encoding}, []TrackLocal{track}
	s.parameters = []RTPEncodingParameters{before.parameter}
	s.byName, s.transaction, s.ridless = false, senderTransaction{}, nil
}

// narrow leaves the encodings that an answer has left.
//
// webrtc-pc §4.4.1.5: "If description indicates that simulcast is not supported or
// desired, or description is missing all of the previously negotiated layers, then
// remove all dictionaries in transceiver.[[Sender]].[[SendEncodings]] except the first
// one ... If description is missing any of the previously negotiated layers, then
// remove the dictionaries that correspond to the missing layers".
func (s *RTPSender) narrow(m *signaling.Media) {
	if len(s.encodings) < 2 || !m.EncodingsSettled || len(m.SendEncodings) == 0 {
		return
	}
	var encodings []*senderEncoding
	var tracks []TrackLocal
	var parameters []RTPEncodingParameters
	for i, e := range s.encodings {
		named := slices.ContainsFunc(m.SendEncodings, func(n signaling.Encoding) bool { return n.RID == e.rid })
		unnamed := i == 0 && len(m.SendEncodings) == 1 && m.SendEncodings[0].RID == ""
		if !named && !unnamed {
			e.rtcp.close(errTrackEnded)
			continue
		}
		encodings, tracks = append(encodings, e), append(tracks, s.tracks[i])
		parameters = append(parameters, s.parameters[i])
		s.byName = named
	}
	s.encodings, s.tracks, s.parameters = encodings, tracks, parameters
}
