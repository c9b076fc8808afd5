package agent

/*
The limits of everything that comes from outside, by where it comes from. Nobody has to trust a peer, a file or the router
itself: what is larger, deeper, slower or more frequent than this is refused, cut off or left out, as the tests of the
hostile cases (Z-…) show. A constant that is named here is compared with the code by internal/conformance.

HTTP from the ACS and from file servers

	64 KiB   web.maxHead             heads of one answer, chunks' trailers with them (Z-01)
	20       web.maxInterim          1xx answers before the real one (Z-11)
	5        web.maxRedirects        redirects in a row (H-23, Z-07)
	30       web.maxRequests         requests for one message, whatever challenges and redirects say (Z-11)
	2        web.maxBad              refusals of a login, 3 of stale nonces (H-43)
	32       web.maxChallenges       challenges read of one answer, 32 parameters each (Z-10)
	2048     web.maxURL              characters of an address (H-27)
	8        web.maxAddresses        addresses tried of one name (Z-47)
	50       web.maxCookies          cookies of a session
	4 KiB    web.maxCookie           one of them
	64 KiB   web.maxJar              all of them (H-33)
	64 KiB   web.maxDiscard          body of a challenge or redirect that is read to keep its connection
	16       web.maxChain            certificates that a server may present (Z-13)
	4 MiB    web.maxBundle           a file of trusted certificates
	16 MiB   web.maxRoots            all such files
	-        web.Config              30 s to connect, 60 s to the head of an answer, 60 s for a body; a body of 2 MiB, also
	                                 when it is compressed (Z-02, Z-05); a file transfer must move 4 KiB in 60 s

SOAP

	2 MiB    cwmp/soap.MaxBytes      of an envelope
	64       cwmp/soap.maxDepth      elements inside one another (X-14, Z-16)
	40000    cwmp/soap.maxElements   elements
	64       cwmp/soap.maxAttrs      attributes of one element
	1024     cwmp/soap.maxName       bytes of a name

CWMP sessions

	1 h      cwmp.longestSession     of one session (S-22)
	10000    cwmp.maxCallsOfACS      calls of the ACS in it (Z-23)
	10       cwmp.maxRepeats         repetitions of one request after 8005 (S-18, Z-22)
	16 MiB   cwmp.maxResponseSize    of an answer; more is 9004
	256      cwmp.maxPath            characters of a path (Z-26)
	32       cwmp.maxKey             characters of CommandKey and ParameterKey
	64       cwmp.maxEvents          events of an Inform (I-5)
	256      cwmp.maxPosted          events that wait to be looked at
	64       cwmp.maxSchedules       ScheduleInforms that wait (Z-32)
	16       cwmp.maxVendorEvents    events of vendors that wait
	16       cwmp.maxAsked           RequestDownloads that wait
	32       cwmp.maxReports         autonomous transfers and changes that the ACS was not told of
	16       cwmp.maxDUChanges       ChangeDUStates that the ACS was not told of
	32       cwmp.maxDUOps           operations in one
	10       cwmp.maxRefusals        sessions in which a refused TransferComplete is told again (S-20)
	7 d      cwmp.longestRetry       between two attempts to reach the ACS (S-35)
	20       cwmp.maxRecords         sessions remembered for people
	100      cwmp.maxCalls           calls of each

Connection requests by HTTP

	8        connreq.maxGuests       connections at a time; the idlest goes first (C-17, Z-40)
	4        connreq.maxPerSource    of one address, or one IPv6 /64
	5        connreq.maxRequests     requests on a connection
	256      connreq.maxSources      addresses whose rates are remembered; the others share one
	4 KiB    digest.maxHeader        of an Authorization header
	32       digest.maxParams        parameters in it
	8 KiB    connreq.maxHead         of a request's head (C-17)
	5 s      connreq.patience        to send it, and for our answer
	10 s     connreq.idle            of silence between two requests
	-        connreq.rateAccepted    10 sessions a minute in bursts of 5; a source may fail 6 times a minute, and ask once a
	                                 second (C-5, Z-41)
	-        digest.Config           256 nonces in use, for two minutes each

Connection requests by UDP, and STUN

	1500     connreq.maxUDPRequest   bytes of a datagram (C-39)
	16       connreq.maxUDPFields    fields in it
	64       connreq.maxUDPID        characters of its id
	16       connreq.maxIDs          ids of one second that are told apart (C-37)
	1500     connreq.maxSTUN         bytes of an answer (Z-43)
	32       connreq.maxAttributes   attributes in it

Connection requests by XMPP

	64 KiB   connreq.maxStanza       bytes of a stanza (Z-46)
	4 KiB    connreq.maxStream       bytes of the stream's own start tag
	4 KiB    connreq.maxBlank        blanks between two stanzas
	16       connreq.maxDepth        elements inside one another
	1000     connreq.maxElements     elements of a stanza
	32       connreq.maxAttrs        attributes of one element
	20       connreq.maxOther        stanzas before an answer that we wait for
	16       connreq.maxTargets      addresses of all servers of a connection
	200000   connreq.maxRounds       of hashing that a server may ask of us

DHCP

	8 KiB    discover.MaxFile        of a file that the DHCP clients leave (Z-47)
	2048     discover.maxOption      bytes of an option
	2048     discover.maxURL         characters of an address
	64       discover.maxText        characters of any other value

The data model

	256      model.maxPath           characters of a path
	8192     model.maxRows           rows of a table
	256 KiB  model.maxValue          of a value
	1 MiB    model.maxFile           of a .dm file
	8 KiB    model.maxLine           of a line in it
	20000    model.maxLines          lines
	10000    model.maxObjects        objects of all files
	24       model.maxDepth          values that are read to read a value
	4096     notify.maxAttributes    parameters with other attributes than the standard's
	16       notify.maxEntities      entries of an AccessList
	1200     notify.maxDatagram      bytes of a lightweight notification (N-24)

The router: ubus, UCI, files, scripts, D-Bus

	1 MiB    ubus.MaxMessage         a message, of ubusd or of somebody who calls us
	32       ubus.maxDepth           tables in one another in it
	4 MiB    ubus.maxQueued          bytes that wait to be written
	4096     ubus.maxOpenCalls       calls that wait for an answer
	4096     ubus.maxObjects         objects taken of one lookup
	16       ubus.maxHandles         calls of us that run at a time
	256      ubus.maxWaiting         that wait for it
	1 MiB    uci.maxFile             of a package
	64 KiB   uci.maxValue            of an option
	1 MiB    source.maxFile          of any other file that is read for a value
	4096     source.maxGlob          paths that a pattern finds
	64 KiB   source.execOutput       of what a script prints (Z-50)
	5 s      source.execTime         that it may take
	15 s     source.execBudget       that all scripts of one transaction may take
	3 s      source.ubusPatience     for a call on the bus
	9 s      source.ubusBudget       for all that are late, in one transaction
	3 s      source.dbusPatience     for a call on D-Bus
	64 KiB   system.commandOutput    of a command of the router

File transfers

	-        transfer.Config         16 transfers that wait or are not told
	16       cwmp.maxListed          of them in one list
	8 MiB    transfer.maxConfig      of a configuration, unpacked too (Z-37)
	4096     transfer.maxMembers     files of an archive
	256      transfer.maxMemberName  bytes of their names
	3        transfer.maxTries       fetches of one file, over reboots
	64 KiB   transfer.maxInfo        of what an image says of itself
	8 MiB    transfer.reserve        of memory that a file leaves free

The command line, which asks the daemon on ubus as its object `cwmp` is asked by others

	384 KiB  control.maxPage         of an answer; more comes in pages

What we keep

	8 MiB    state.maxJSON           of a file of ours
	1 MiB    state.maxJournal        of the journal
	16 MiB   state.maxFile           of a file that is replaced
*/
