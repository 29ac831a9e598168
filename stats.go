package webrtc

import (
	"time"
)

// Stats is one object of a StatsReport: a CodecStats, InboundRTPStreamStats,
// OutboundRTPStreamStats, RemoteInboundRTPStreamStats,
// RemoteOutboundRTPStreamStats, AudioSourceStats, VideoSourceStats,
// AudioPlayoutStats, PeerConnectionStats, DataChannelStats, TransportStats,
// ICECandidatePairStats, ICECandidateStats or CertificateStats. Its JSON form has
// the members of webrtc-stats that exist, and no others.
type Stats interface {
	statsMarker()
}

// StatsReport has the objects that a connection consists of at one moment, by
// their IDs (webrtc-pc §8.4, RTCStatsReport). An object has the same ID in every
// report; one that is gone is in none.
type StatsReport map[string]Stats

// StatsType says what an object of a report tells of (webrtc-stats,
// RTCStatsType).
type StatsType string

const (
	// StatsTypeCodec is that of CodecStats.
	StatsTypeCodec StatsType = "codec"
	// StatsTypeInboundRTP is that of InboundRTPStreamStats.
	StatsTypeInboundRTP StatsType = "inbound-rtp"
	// StatsTypeOutboundRTP is that of OutboundRTPStreamStats.
	StatsTypeOutboundRTP StatsType = "outbound-rtp"
	// StatsTypeRemoteInboundRTP is that of RemoteInboundRTPStreamStats.
	StatsTypeRemoteInboundRTP StatsType = "remote-inbound-rtp"
	// StatsTypeRemoteOutboundRTP is that of RemoteOutboundRTPStreamStats.
	StatsTypeRemoteOutboundRTP StatsType = "remote-outbound-rtp"
	// StatsTypeMediaSource is that of AudioSourceStats and VideoSourceStats.
	StatsTypeMediaSource = "media-source"
	// StatsTypeMediaPlayout is that of AudioPlayoutStats.
	StatsTypeMediaPlayout StatsType = "media-playout"
	// StatsTypePeerConnection is that of PeerConnectionStats.
	StatsTypePeerConnection StatsType = "peer-connection"
	// StatsTypeDataChannel is that of DataChannelStats.
	StatsTypeDataChannel StatsType = "data-channel"
	// StatsTypeTransport is that of TransportStats.
	StatsTypeTransport StatsType = "transport"
	// StatsTypeCandidatePair is that of ICECandidatePairStats.
	StatsTypeCandidatePair StatsType = "candidate-pair"
	// StatsTypeLocalCandidate is that of ICECandidateStats for this side's.
	StatsTypeLocalCandidate StatsType = "local-candidate"
	// StatsTypeRemoteCandidate is that of ICECandidateStats for the peer's.
	StatsTypeRemoteCandidate StatsType = "remote-candidate"
	// StatsTypeCertificate is that of CertificateStats.
	StatsTypeCertificate StatsType = "certificate"

	// StatsTypeSCTPTransport is that of SCTPTransportStats, which is in no report.
	StatsTypeSCTPTransport StatsType = "sctp-transport"
	// StatsTypeCSRC is that of RTPContributingSourceStats, which is in no report.
	StatsTypeCSRC StatsType = "csrc"
	// StatsTypeStream is that of MediaStreamStats, which is in no report.
	StatsTypeStream StatsType = "stream"
	// StatsTypeTrack is that of SenderAudioTrackAttachmentStats and
	// SenderVideoTrackAttachmentStats, which are in no report.
	StatsTypeTrack StatsType = "track"
	// StatsTypeSender is that of AudioSenderStats and VideoSenderStats, which are in
	// no report.
	StatsTypeSender StatsType = "sender"
	// StatsTypeReceiver is that of AudioReceiverStats and VideoReceiverStats, which
	// are in no report.
	StatsTypeReceiver StatsType = "receiver"
)

// StatsTimestamp is a time in milliseconds since the beginning of 1970, with
// fractions (webrtc-pc §8.4); 0 is never.
type StatsTimestamp float64

// Time returns the timestamp as a time, in the zero value's case that of 1970.
func (s StatsTimestamp) Time() time.Time {
	return time.UnixMicro(int64(float64(s) * 1000))
}

// statsTime returns the timestamp of a time, 0 for the zero time.
func statsTime(t time.Time) StatsTimestamp {
	if t.IsZero() {
		return 0
	}
	return StatsTimestamp(float64(t.UnixMicro()) / 1000)
}

// find returns the first object of a type that fits.
func find[S Stats](r StatsReport, fits func(S) bool) (S, bool) {
	for _, s := range r {
		if s, ok := s.(S); ok && fits(s) {
			return s, true
		}
	}
	var none S
	return none, false
}

// GetConnectionStats returns the object of a connection.
func (r StatsReport) GetConnectionStats(conn *PeerConnection) (PeerConnectionStats, bool) {
	s, ok := r[conn.statsID()].(PeerConnectionStats)
	return s, ok
}

// GetDataChannelStats returns the object of a channel.
func (r StatsReport) GetDataChannelStats(dc *DataChannel) (DataChannelStats, bool) {
	s, ok := r[channelStatsID(dc.channel)].(DataChannelStats)
	return s, ok
}

// GetICECandidateStats returns the object of a candidate of either side.
func (r StatsReport) GetICECandidateStats(c *ICECandidate) (ICECandidateStats, bool) {
	return find(r, func(s ICECandidateStats) bool { return s.of(c) })
}

// of says whether s tells of a candidate. One without a username fragment may be of
// any generation.
func (s ICECandidateStats) of(c *ICECandidate) bool {
	return s.Address == c.Address && s.Port == int32(c.Port) && s.CandidateType == c.Typ &&
		s.Protocol == c.Protocol.String() && s.TCPType == c.TCPType &&
		(c.ufrag == "" || s.UsernameFragment == "" || c.ufrag == s.UsernameFragment)
}

// GetICECandidatePairStats returns the object of a pair of candidates.
func (r StatsReport) GetICECandidatePairStats(c *ICECandidatePair) (ICECandidatePairStats, bool) {
	if c == nil || c.Local == nil || c.Remote == nil {
		return ICECandidatePairStats{}, false
	}
	return find(r, func(s ICECandidatePairStats) bool {
		local, _ := r[s.LocalCandidateID].(ICECandidateStats)
		remote, _ := r[s.RemoteCandidateID].(ICECandidateStats)
		return local.of(c.Local) && remote.of(c.Remote)
	})
}

// GetCertificateStats returns the object of a certificate.
func (r StatsReport) GetCertificateStats(c *Certificate) (CertificateStats, bool) {
	if c == nil || c.x509Cert == nil {
		return CertificateStats{}, false
	}
	s, ok := r[certificateStatsID(c.x509Cert.Raw)].(CertificateStats)
	return s, ok
}

// GetCodecStats returns the object of a codec: that of its payload type and format.
func (r StatsReport) GetCodecStats(c *RTPCodecParameters) (CodecStats, bool) {
	return find(r, func(s CodecStats) bool {
		return s.PayloadType == c.PayloadType && s.MimeType == c.MimeType && s.ClockRate == c.ClockRate && s.SDPFmtpLine == c.SDPFmtpLine
	})
}
