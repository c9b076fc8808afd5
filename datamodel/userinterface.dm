# Device.UserInterface.: the web pages.
# Router: /etc/config/uhttpd, /etc/config/luci; the administrator's password of /etc/shadow.

Device.UserInterface.                     r
  needs uci uhttpd
  Enable                        rw boolean              call service.enable uhttpd
  PasswordRequired              r  boolean              call users.root required
  PasswordUserSelectable        r  boolean              const true
  # Back to the password that the firmware came with.
  PasswordReset                 rw boolean command      call users.root reset
  # For the pages of an ISP's own theme: it finds them in the section `ui` of /etc/config/cwmp.
  # Colours that nobody set are black on white.
  UpgradeAvailable              rw boolean              uci cwmp.ui:ui.upgrade_available
  WarrantyDate                  rw dateTime             uci cwmp.ui:ui.warranty_date
  ISPName                       rw string(64)           uci cwmp.ui:ui.isp_name
  ISPHelpDesk                   rw string(32)           uci cwmp.ui:ui.isp_help_desk
  ISPHomePage                   rw URL                  uci cwmp.ui:ui.isp_home_page
  ISPHelpPage                   rw URL                  uci cwmp.ui:ui.isp_help_page
  ISPLogo                       rw base64(4095)         uci cwmp.ui:ui.isp_logo
  ISPLogoSize                   rw unsignedInt(..4095)  uci cwmp.ui:ui.isp_logo_size
  ISPMailServer                 rw URL                  uci cwmp.ui:ui.isp_mail_server
  ISPNewsServer                 rw URL                  uci cwmp.ui:ui.isp_news_server
  TextColor                     rw hexBinary(3..3)      uci cwmp.ui:ui.text_color | default 000000
  BackgroundColor               rw hexBinary(3..3)      uci cwmp.ui:ui.background_color | default FFFFFF
  ButtonColor                   rw hexBinary(3..3)      uci cwmp.ui:ui.button_color | default 000000
  ButtonTextColor               rw hexBinary(3..3)      uci cwmp.ui:ui.button_text_color | default FFFFFF
  AutoUpdateServer              rw string(256)          uci cwmp.ui:ui.auto_update_server
  UserUpdateServer              rw string(256)          uci cwmp.ui:ui.user_update_server
  AvailableLanguages            r  list string          call ui.language all
  CurrentLanguage               rw string(16)           call ui.language current
  HTTPAccessSupportedProtocols  r  list enum(HTTP, HTTPS)  call ui.protocols

# One row per address that uhttpd listens on; a disabled one is a section beside (cwmp_http). Who may reach it is the
# firewall's to say.
Device.UserInterface.HTTPAccess.{i}.      rw
  rows  call ui.listener
  add   call ui.listener
  max   16
  write call ui.listener.value
  Enable                        rw boolean              call ui.listener.value enable
  Status                        r  enum(Up, Down, Error)  call ui.status now
  AccessType                    r  enum(RemoteAccess, LocalAccess)  call ui.listener.value access
  # A network with an address of its own; empty: all addresses.
  Interface                     rw pathRef              call ui.listener.value interface | ref Device.IP.Interface.
  Port                          rw unsignedInt(1..65535)  call ui.listener.value port
  Protocol                      rw string               call ui.listener.value protocol
  ActivationDate                r  dateTime             call ui.status since
  # Seconds, otherwise as Device.SSH.Server.{i}.AutoDisableDuration.
  AutoDisableDuration           rw unsignedInt          call ui.listener.option cwmp_auto_disable | default 0
  TimeLeft                      r  unsignedInt deny     call agent.time_left

# Deleted from the standard for HTTPAccess; old templates of ACSs still set it: a rule of the firewall.
Device.UserInterface.RemoteAccess.        r
  needs uci firewall
  write call ui.remote
  Enable                        rw boolean compat       call ui.remote enable
  Port                          rw unsignedInt(1..65535) compat  call ui.remote port
  SupportedProtocols            r  list enum(HTTP, HTTPS) compat  call ui.protocols
  Protocol                      r  string compat        call ui.remote protocol
