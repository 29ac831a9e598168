package compat

// companions are the names of pion/ice and pion/datachannel that programs use
// together with the root package; the rest of those modules works without it.
var companions = map[string][]string{
	"ice": {
		"UDPMux", "TCPMux", "AllConnsGetter", "NewUDPMuxDefault", "UDPMuxParams", "UDPMuxDefault",
		"NewMultiUDPMuxDefault", "MultiUDPMuxDefault", "NewMultiUDPMuxFromPort", "UDPMuxFromPortOption",
		"UDPMuxFromPortWithInterfaceFilter", "UDPMuxFromPortWithIPFilter", "UDPMuxFromPortWithLogger",
		"UDPMuxFromPortWithLoopback", "UDPMuxFromPortWithNet", "UDPMuxFromPortWithNetworks",
		"UDPMuxFromPortWithReadBufferSize", "UDPMuxFromPortWithWriteBufferSize",
		"NewTCPMuxDefault", "TCPMuxParams", "TCPMuxDefault", "UniversalUDPMux",
		"MulticastDNSMode", "MulticastDNSModeDisabled", "MulticastDNSModeQueryOnly", "MulticastDNSModeQueryAndGather",
		"Candidate", "CandidateExtension", "CandidateRelatedAddress",
		"CandidateType", "CandidateTypeUnspecified", "CandidateTypeHost", "CandidateTypeServerReflexive",
		"CandidateTypePeerReflexive", "CandidateTypeRelay",
		"NewCandidateHost", "CandidateHostConfig", "NewCandidateServerReflexive", "CandidateServerReflexiveConfig",
		"NewCandidatePeerReflexive", "CandidatePeerReflexiveConfig", "NewCandidateRelay", "CandidateRelayConfig",
		"UnmarshalCandidate", "ComponentRTP", "ComponentRTCP",
		"TCPType", "TCPTypeUnspecified", "TCPTypeActive", "TCPTypePassive", "TCPTypeSimultaneousOpen", "NewTCPType",
		"NetworkType", "NetworkTypeUDP4", "NetworkTypeUDP6", "NetworkTypeTCP4", "NetworkTypeTCP6",
		"ConnectionState", "ConnectionStateUnknown", "ConnectionStateNew", "ConnectionStateChecking", "ConnectionStateConnected",
		"ConnectionStateCompleted", "ConnectionStateFailed", "ConnectionStateDisconnected", "ConnectionStateClosed",
	},
	"datachannel": {"Reader", "ReadDeadliner", "Writer", "WriteDeadliner", "ReadWriteCloser", "ReadWriteCloserDeadliner"},
}
