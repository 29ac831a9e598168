package compat

import "regexp"

// A rule gives the names that it matches, qualified and as a whole, a reason
// and what is to come.
type rule struct {
	names  *regexp.Regexp
	reason string
}

func names(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// areas say where on the page a name stands; the first match counts. What none
// matches is of the last.
var areas = []rule{
	{names(`rtcerr\..*|Err[A-Z].*`), "Errors"},
	{names(`(ice\.|NewICE(UDP|TCP)Mux|ICE|NewICE|ParseICE|Nomination|Renomination|WithRenomination|NetworkType|NewNetworkType).*`), "ICE"},
	{names(`(datachannel\.|DataChannel|SCTP).*`), "Data channels and SCTP"},
	{names(`(DTLS|Certificate|NewCertificate|GenerateCertificate).*`), "DTLS and certificates"},
	{names(`SettingEngine.*|NewLoggerFactory`), "Settings"},
	{names(`.*`), "Connection"},
}

// missingReasons say why a name is not there, and with what it comes.
var missingReasons = []rule{
	{names(`PeerConnection\.GetStats|Stats.*|.*Stats(Provider)?|UnmarshalStatsJSON|QualityLimitation.*|CodecType.*|MediaKind.*|` +
		`ICETransport\.GetSelectedCandidatePairStats|SCTPTransport\.(BufferedAmount|Metadata)|SCTPTransport(Metadata|PartialReliability.*)`),
		"come with statistics"},
	{names(`API\.New(RTP.*|Track.*)|Attribute.*|.*(RTP|RTCP|Track|Media|Codec|Simulcast|Interceptor|Transceiver|Receiver|Sender|SSRC|PayloadType|MimeType|Payloader|Congestion|FlexFEC|Nack|TWCC|Rid|Unbind|HeaderExtension).*|` +
		`SettingEngine\.BufferFactory`),
		"come with media"},
	{names(`API\.New(DTLSTransport|DataChannel|ICEGatherer|ICETransport|SCTPTransport)|NewICETransport|ICEGatherer|` +
		`(DTLS|ICE|SCTP)Transport\.(Start|StartContext|Stop|GracefulStop)|ICETransport\.(AddRemoteCandidate|SetRemoteCandidates)|SCTPTransport\.OnDataChannel(Opened)?`),
		"are ORTC's way to build transports without a PeerConnection. Here a PeerConnection's loop owns them; they come with an owner of their own for such transports"},
	{names(`.*(UDPMux|TCPMux).*|ice\.AllConnsGetter`), "come with many connections on one port"},
	{names(`ICEAddressRewrite.*|SettingEngine\.(SetICEAddressRewriteRules|SetNAT1To1IPs)`), "come with address rewriting"},
	{names(`.*(Nomination|Renomination).*|SettingEngine\.(SetICEBindingRequestHandler|SetLite|SetICEUseCandidateCheckPriority)`),
		"come with ICE lite and renomination"},
	{names(`SettingEngine\.SetICEProxyDialer`), "come with TURN and ICE over TCP"},
	{names(`SettingEngine\.SetMulticastDNSHostName`), "come with names under .local for the host's own candidates; the peer's are resolved"},
	{names(`SettingEngine\.EnableSctpSnap|SCTPTransport\.GetSctpInit`), "come with SCTP parameters in the description (SNAP)"},
	{names(`SettingEngine\.SetNet`), "is SetNetwork here: its type in pion is of pion/transport, in a version that the engines used here have left behind"},
	{names(`PeerConnection\.SetIdentityProvider`), "comes with identity assertions"},
}

// differsReasons say why a name is another thing here.
var differsReasons = []rule{
	{names(`ice\.Candidate|ice\.NewCandidate.*`),
		"A candidate is an immutable value, not an interface: it can be compared, and handed from goroutine to goroutine. Method calls on it compile as before"},
	{names(`ice\.ComponentRTCP`), "The component of RTCP is 2 (RFC 8445 §4)"},
}

// reasonFor returns the first rule that matches, or -1.
func reasonFor(rules []rule, name string) int {
	for i, r := range rules {
		if r.names.MatchString(name) {
			return i
		}
	}
	return -1
}
