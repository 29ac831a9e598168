package webrtc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// statsMembers are the names of an object's members that exist even if they are
// zero, separated by spaces. All others are absent when they are zero, in the JSON
// form.
type statsMembers string

// marshalStats writes the members that an object has. To webrtc-stats a member that
// is not known is absent, not zero.
func marshalStats(s interface{ members() statsMembers }) ([]byte, error) {
	v := reflect.ValueOf(s)
	present := map[string]bool{"timestamp": true, "type": true, "id": true}
	for name := range strings.FieldsSeq(string(s.members())) {
		present[name] = true
	}
	var b bytes.Buffer
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if f.IsZero() && !present[name] || name == "dataChannelIdentifier" && f.Int() < 0 {
			continue
		}
		value, err := json.Marshal(f.Interface())
		if err != nil {
			return nil, err
		}
		separator := byte(',')
		if b.Len() == 0 {
			separator = '{'
		}
		b.WriteByte(separator)
		fmt.Fprintf(&b, "%q:", name)
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalStatsJSON reads one object of a report. The error says what is wrong with
// its JSON, or names a type that is not known.
func UnmarshalStatsJSON(b []byte) (Stats, error) {
	var head struct {
		Type StatsType `json:"type"`
		Kind string    `json:"kind"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("statistics: %w", err)
	}
	video := head.Kind == "video"
	switch head.Type {
	case StatsTypeCodec:
		return readStats[CodecStats](b)
	case StatsTypeInboundRTP:
		return readStats[InboundRTPStreamStats](b)
	case StatsTypeOutboundRTP:
		return readStats[OutboundRTPStreamStats](b)
	case StatsTypeRemoteInboundRTP:
		return readStats[RemoteInboundRTPStreamStats](b)
	case StatsTypeRemoteOutboundRTP:
		return readStats[RemoteOutboundRTPStreamStats](b)
	case StatsTypeMediaSource:
		return readEither[VideoSourceStats, AudioSourceStats](b, video)
	case StatsTypeMediaPlayout:
		return readStats[AudioPlayoutStats](b)
	case StatsTypePeerConnection:
		return readStats[PeerConnectionStats](b)
	case StatsTypeDataChannel:
		return readStats[DataChannelStats](b)
	case StatsTypeTransport:
		return readStats[TransportStats](b)
	case StatsTypeCandidatePair:
		return readStats[ICECandidatePairStats](b)
	case StatsTypeLocalCandidate, StatsTypeRemoteCandidate:
		return readStats[ICECandidateStats](b)
	case StatsTypeCertificate:
		return readStats[CertificateStats](b)
	}
	return unmarshalFormer(b, head.Type, video)
}

// unmarshalFormer reads the objects that reports have no more.
func unmarshalFormer(b []byte, t StatsType, video bool) (Stats, error) {
	switch t {
	case StatsTypeSCTPTransport:
		return readStats[SCTPTransportStats](b)
	case StatsTypeCSRC:
		return readStats[RTPContributingSourceStats](b)
	case StatsTypeStream:
		return readStats[MediaStreamStats](b)
	case StatsTypeTrack:
		return readEither[SenderVideoTrackAttachmentStats, SenderAudioTrackAttachmentStats](b, video)
	case StatsTypeSender:
		return readEither[VideoSenderStats, AudioSenderStats](b, video)
	case StatsTypeReceiver:
		return readEither[VideoReceiverStats, AudioReceiverStats](b, video)
	}
	return nil, fmt.Errorf("statistics: the type %q is not known", t)
}

func readEither[V, A Stats](b []byte, video bool) (Stats, error) {
	if video {
		return readStats[V](b)
	}
	return readStats[A](b)
}

func readStats[S Stats](b []byte) (Stats, error) {
	var s S
	if d, ok := any(&s).(*DataChannelStats); ok {
		d.DataChannelIdentifier = -1
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("statistics: %w", err)
	}
	return s, nil
}
