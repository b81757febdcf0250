"""The gRPC edge of the user service: proto in, use case, proto out."""

from unified.user.v1 import directory_service_pb2 as directory_pb
from unified.user.v1 import user_service_pb2 as pb
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceServicer
from unified.user.v1.user_service_pb2_grpc import UserServiceServicer

from mesh.identity import current_caller
from mesh.interceptors import Context
from user_svc.mapping import changes_of, entries_to_proto, sign_in_to_proto, user_to_proto
from user_svc.use_cases import UserUseCases


class UserServicer(UserServiceServicer):
    def __init__(self, use_cases: UserUseCases) -> None:
        self._use_cases = use_cases

    async def Register(self, request: pb.RegisterRequest, context: Context) -> pb.RegisterResponse:
        user = await self._use_cases.register(request.email, request.password, request.name)
        return pb.RegisterResponse(user=user_to_proto(user))

    async def Login(self, request: pb.LoginRequest, context: Context) -> pb.LoginResponse:
        return sign_in_to_proto(await self._use_cases.login(request.email, request.password))

    async def GetProfile(self, request: pb.GetProfileRequest, context: Context) -> pb.GetProfileResponse:
        user = await self._use_cases.profile(current_caller().user_id)
        return pb.GetProfileResponse(user=user_to_proto(user))

    async def UpdateProfile(self, request: pb.UpdateProfileRequest, context: Context) -> pb.UpdateProfileResponse:
        user = await self._use_cases.change_profile(current_caller().user_id, changes_of(request), request.etag)
        return pb.UpdateProfileResponse(user=user_to_proto(user))


class DirectoryServicer(DirectoryServiceServicer):
    def __init__(self, use_cases: UserUseCases) -> None:
        self._use_cases = use_cases

    async def LookUpUsers(self, request: directory_pb.LookUpUsersRequest, context: Context) -> directory_pb.LookUpUsersResponse:
        return entries_to_proto(await self._use_cases.look_up(request.keys))
