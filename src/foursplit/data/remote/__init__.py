"""Files from elsewhere: mirrors, servers, repositories, archives; nothing is believed unchecked."""
